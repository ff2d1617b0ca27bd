//! The functions that are supported, by name.

/// Declares an enum of functions from their names, so that a name is written once.
macro_rules! functions {
    ($(#[$doc:meta])* $enum:ident { $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $enum { $($(#[$variant_doc])* $variant,)* }

        impl $enum {
            /// Every one of them, in the order of their names.
            pub const ALL: &[$enum] = &[$(Self::$variant),*];

            /// The name in an expression.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The function of this name.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|function| function.name() == name)
            }
        }
    };
}

functions! {
    /// Functions of the samples a series has in a range.
    RangeFunction {
        /// 1 when no series has a sample in the range.
        AbsentOverTime = "absent_over_time",
        /// Mean of the samples.
        AvgOverTime = "avg_over_time",
        /// How often the value changed.
        Changes = "changes",
        /// Number of samples.
        CountOverTime = "count_over_time",
        /// Difference between the ends of the range, of a gauge, extrapolated.
        Delta = "delta",
        /// Slope per second by least squares.
        Deriv = "deriv",
        /// Difference of the last two samples.
        Idelta = "idelta",
        /// What a counter gained in the range, extrapolated.
        Increase = "increase",
        /// Rate per second of a counter between its last two samples.
        Irate = "irate",
        /// The newest sample; keeps the metric name.
        LastOverTime = "last_over_time",
        /// Largest sample.
        MaxOverTime = "max_over_time",
        /// Smallest sample.
        MinOverTime = "min_over_time",
        /// 1 when the series has a sample.
        PresentOverTime = "present_over_time",
        /// What a counter gained per second, extrapolated.
        Rate = "rate",
        /// How often a counter fell.
        Resets = "resets",
        /// Standard deviation of the samples.
        StddevOverTime = "stddev_over_time",
        /// Variance of the samples.
        StdvarOverTime = "stdvar_over_time",
        /// Sum of the samples.
        SumOverTime = "sum_over_time",
    }
}

functions! {
    /// Functions of an instant vector.
    InstantFunction {
        /// Without the sign.
        Abs = "abs",
        /// 1 when the vector is empty.
        Absent = "absent",
        /// Up to a whole number.
        Ceil = "ceil",
        /// Kept between two bounds.
        Clamp = "clamp",
        /// Kept at or below a bound.
        ClampMax = "clamp_max",
        /// Kept at or above a bound.
        ClampMin = "clamp_min",
        /// The day of the month, from 1 on, of a time in seconds since the epoch; all dates in UTC.
        DayOfMonth = "day_of_month",
        /// The day of the week, 0 for Sunday.
        DayOfWeek = "day_of_week",
        /// The day of the year, from 1 on.
        DayOfYear = "day_of_year",
        /// How many days the month has.
        DaysInMonth = "days_in_month",
        /// Down to a whole number.
        Floor = "floor",
        /// The hour of the day.
        Hour = "hour",
        /// The minute of the hour.
        Minute = "minute",
        /// The month, from 1 on.
        Month = "month",
        /// To the nearest multiple of a number, of 1 when none is given; halves go up.
        Round = "round",
        /// Smallest first.
        Sort = "sort",
        /// Largest first.
        SortDesc = "sort_desc",
        /// When the sample was recorded, in seconds since the epoch.
        Timestamp = "timestamp",
        /// The year.
        Year = "year",
    }
}

/// Supported functions that are expressions of their own kind.
pub const OTHERS: [&str; 7] = [
    "label_join",
    "label_replace",
    "predict_linear",
    "quantile_over_time",
    "scalar",
    "time",
    "vector",
];

impl InstantFunction {
    /// Whether it reads a date, of now when it is given no vector.
    pub fn is_date(self) -> bool {
        matches!(
            self,
            Self::DayOfMonth
                | Self::DayOfWeek
                | Self::DayOfYear
                | Self::DaysInMonth
                | Self::Hour
                | Self::Minute
                | Self::Month
                | Self::Year
        )
    }
}

/// The names of all supported functions, in order.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = RangeFunction::ALL
        .iter()
        .map(|f| f.name())
        .chain(InstantFunction::ALL.iter().map(|f| f.name()))
        .chain(OTHERS)
        .collect();
    names.sort_unstable();
    names
}
