//! The numbers of arguments that closures may take.

/// Calls a macro for every number of arguments: none to eight.
macro_rules! arities {
    ($implement:ident) => {
        $implement!();
        $implement!(A1);
        $implement!(A1 A2);
        $implement!(A1 A2 A3);
        $implement!(A1 A2 A3 A4);
        $implement!(A1 A2 A3 A4 A5);
        $implement!(A1 A2 A3 A4 A5 A6);
        $implement!(A1 A2 A3 A4 A5 A6 A7);
        $implement!(A1 A2 A3 A4 A5 A6 A7 A8);
    };
}

pub(super) use arities;
