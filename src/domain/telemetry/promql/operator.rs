//! The binary operators and what they do to two numbers.

/// What may stand between two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinaryOp {
    /// Computes a number.
    Arithmetic(Arithmetic),
    /// Keeps elements, or with `bool` says 1 or 0.
    Comparison(Comparison),
    /// Keeps elements by whether the other side has them.
    Set(SetOp),
}

/// Operators that compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`, with the sign of the left side.
    Mod,
    /// `^`
    Pow,
    /// `atan2`
    Atan2,
}

/// A comparison as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comparison {
    /// What is asked.
    pub relation: Relation,
    /// Whether `bool` follows: answer 1 or 0 instead of keeping what satisfies it.
    pub returns_bool: bool,
}

/// How two numbers may be compared. NaN is equal to nothing, itself included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `>`
    Greater,
    /// `<`
    Less,
    /// `>=`
    GreaterOrEqual,
    /// `<=`
    LessOrEqual,
}

/// Operators on sets of series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetOp {
    /// `and`: of the left side what the right side has too.
    And,
    /// `or`: the left side, and of the right side what the left side has not.
    Or,
    /// `unless`: of the left side what the right side has not.
    Unless,
}

impl Relation {
    /// What is asked when both sides change places.
    pub fn mirrored(self) -> Self {
        match self {
            Self::Greater => Self::Less,
            Self::Less => Self::Greater,
            Self::GreaterOrEqual => Self::LessOrEqual,
            Self::LessOrEqual => Self::GreaterOrEqual,
            same @ (Self::Equal | Self::NotEqual) => same,
        }
    }
}

impl BinaryOp {
    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Arithmetic(Arithmetic::Add) => "+",
            Self::Arithmetic(Arithmetic::Sub) => "-",
            Self::Arithmetic(Arithmetic::Mul) => "*",
            Self::Arithmetic(Arithmetic::Div) => "/",
            Self::Arithmetic(Arithmetic::Mod) => "%",
            Self::Arithmetic(Arithmetic::Pow) => "^",
            Self::Arithmetic(Arithmetic::Atan2) => "atan2",
            Self::Comparison(comparison) => comparison.relation.symbol(),
            Self::Set(SetOp::And) => "and",
            Self::Set(SetOp::Or) => "or",
            Self::Set(SetOp::Unless) => "unless",
        }
    }

    /// Binds the tighter the larger: `^`, then `* / % atan2`, `+ -`, comparisons, `and unless`,
    /// `or`.
    pub fn precedence(self) -> u8 {
        match self {
            Self::Set(SetOp::Or) => 1,
            Self::Set(SetOp::And | SetOp::Unless) => 2,
            Self::Comparison(_) => 3,
            Self::Arithmetic(Arithmetic::Add | Arithmetic::Sub) => 4,
            Self::Arithmetic(
                Arithmetic::Mul | Arithmetic::Div | Arithmetic::Mod | Arithmetic::Atan2,
            ) => 5,
            Self::Arithmetic(Arithmetic::Pow) => 6,
        }
    }

    /// Whether the result no longer is the left side's metric. Prometheus 2.42 leaves `atan2` out,
    /// perhaps by oversight, and so do we.
    pub fn drops_name(self) -> bool {
        match self {
            Self::Arithmetic(Arithmetic::Atan2) | Self::Set(_) => false,
            Self::Arithmetic(_) => true,
            Self::Comparison(comparison) => comparison.returns_bool,
        }
    }
}

impl Arithmetic {
    /// The result, by the rules of IEEE 754.
    pub fn apply(self, left: f64, right: f64) -> f64 {
        match self {
            Self::Add => left + right,
            Self::Sub => left - right,
            Self::Mul => left * right,
            Self::Div => left / right,
            Self::Mod => left % right,
            Self::Pow => left.powf(right),
            Self::Atan2 => left.atan2(right),
        }
    }
}

impl Relation {
    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Greater => ">",
            Self::Less => "<",
            Self::GreaterOrEqual => ">=",
            Self::LessOrEqual => "<=",
        }
    }

    /// Whether it is so.
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Greater => left > right,
            Self::Less => left < right,
            Self::GreaterOrEqual => left >= right,
            Self::LessOrEqual => left <= right,
        }
    }
}

impl SetOp {
    /// Whether the result may hold elements of both sides.
    pub fn takes_both_sides(self) -> bool {
        self == Self::Or
    }
}
