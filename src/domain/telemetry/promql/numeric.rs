//! Arithmetic on lists of numbers that several functions share.

use std::cmp::Ordering;

/// A sum that keeps what rounding would lose (Neumaier's variant of Kahan summation).
#[derive(Debug, Clone, Copy, Default)]
pub struct Sum {
    rounded: f64,
    lost: f64,
}

impl Sum {
    /// Adds a number.
    pub fn add(&mut self, number: f64) {
        let next = self.rounded + number;
        let (larger, smaller) = if self.rounded.abs() >= number.abs() {
            (self.rounded, number)
        } else {
            (number, self.rounded)
        };
        self.lost += (larger - next) + smaller;
        self.rounded = next;
    }

    /// Adds a number and does not keep what rounding loses.
    pub fn add_rounding(&mut self, number: f64) {
        self.rounded += number;
    }

    /// The sum with what was lost, whatever it is.
    pub fn exact(self) -> f64 {
        self.rounded + self.lost
    }

    /// The sum with what was lost; of an infinite sum nothing can be.
    pub fn total(self) -> f64 {
        if self.rounded.is_infinite() { self.rounded } else { self.exact() }
    }
}

impl FromIterator<f64> for Sum {
    fn from_iter<T: IntoIterator<Item = f64>>(numbers: T) -> Self {
        numbers.into_iter().fold(Self::default(), |mut sum, number| {
            sum.add(number);
            sum
        })
    }
}

/// The mean, step by step so that it cannot overflow, adding by `add`. Once infinite it stays so
/// until the other infinity or NaN comes.
pub fn mean(numbers: impl Iterator<Item = f64>, add: fn(&mut Sum, f64)) -> f64 {
    let mut mean = Sum::default();
    for (index, number) in numbers.enumerate() {
        let (count, so_far) = ((index + 1) as f64, mean.rounded);
        if so_far.is_infinite() && (number == so_far || number.is_finite()) {
            continue;
        }
        add(&mut mean, number / count - so_far / count);
    }
    mean.total()
}

/// The quantile by linear interpolation between the two nearest numbers; NaN counts as smaller than
/// all.
pub fn quantile(quantile: f64, numbers: &mut [f64]) -> f64 {
    if numbers.is_empty() || quantile.is_nan() {
        return f64::NAN;
    }
    if quantile < 0.0 {
        return f64::NEG_INFINITY;
    }
    if quantile > 1.0 {
        return f64::INFINITY;
    }
    numbers.sort_by(|a, b| {
        b.is_nan().cmp(&a.is_nan()).then(a.partial_cmp(b).unwrap_or(Ordering::Equal))
    });
    let rank = quantile * (numbers.len() - 1) as f64;
    let (lower, weight) = (rank.floor() as usize, rank - rank.floor());
    let upper = (lower + 1).min(numbers.len() - 1);
    numbers[lower] * (1.0 - weight) + numbers[upper] * weight
}

/// The largest number, NaN only when there is no other.
pub fn largest(numbers: impl Iterator<Item = f64>) -> f64 {
    numbers.fold(
        f64::NAN,
        |largest, number| if number > largest || largest.is_nan() { number } else { largest },
    )
}

/// The smallest number, NaN only when there is no other.
pub fn smallest(numbers: impl Iterator<Item = f64>) -> f64 {
    numbers.fold(
        f64::NAN,
        |smallest, number| if number < smallest || smallest.is_nan() { number } else { smallest },
    )
}
