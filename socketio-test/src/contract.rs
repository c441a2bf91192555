//! [`Suite`]: runs the rules of a contract, for the suites of message queues, stores of `once` and event stores.

use std::{pin::Pin, time::Duration};

use tokio::time::timeout;

/// How a rule was broken.
pub(crate) type Outcome = Result<(), String>;

pub(crate) type Checking<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// A rule of a contract for subjects of type `S`.
pub(crate) struct Rule<S: ?Sized + 'static> {
    pub(crate) name: &'static str,
    /// Whether the subject has what the rule needs.
    pub(crate) needs: fn(&S) -> bool,
    pub(crate) check: for<'a> fn(&'a S) -> Checking<'a>,
}

/// The rules of a contract.
pub(crate) struct Suite<S: ?Sized + 'static> {
    pub(crate) rules: &'static [Rule<S>],
    /// The time limit of a rule, so that a subject that hangs fails the rule.
    pub(crate) limit: Duration,
    /// What a subject lacks that can't be checked for a rule.
    pub(crate) missing: &'static str,
    /// The kind of subject.
    pub(crate) what: &'static str,
}

impl<S: ?Sized> Suite<S> {
    /// Returns the names of the rules that can be checked.
    pub(crate) fn names<'a>(
        &self,
        subject: &'a S,
    ) -> impl Iterator<Item = &'static str> + use<'a, S> {
        let rules = self.rules.iter().filter(|rule| (rule.needs)(subject));
        rules.map(|rule| rule.name)
    }

    /// Checks one rule.
    pub(crate) async fn check(&self, subject: &S, rule: &str) -> Outcome {
        let found = self.rules.iter().find(|found| found.name == rule);
        let found = found.ok_or_else(|| format!("there is no rule `{rule}`"))?;
        if !(found.needs)(subject) {
            return Err(format!("the rule `{rule}` needs {}", self.missing));
        }
        match timeout(self.limit, (found.check)(subject)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(format!("took longer than {:?}", self.limit)),
        }
    }

    /// Checks all rules that can be checked, one after another. Panics if rules are broken.
    pub(crate) async fn check_all(&self, subject: &S) {
        let mut broken = Vec::new();
        for rule in self.names(subject) {
            if let Err(how) = self.check(subject, rule).await {
                broken.push(format!("{rule}: {how}"));
            }
        }
        assert!(
            broken.is_empty(),
            "{} breaks its contract:\n{}",
            self.what,
            broken.join("\n")
        );
    }
}

/// Lists rules: what each needs, and its function.
macro_rules! rules {
    ($($needs:ident: $module:ident::$name:ident;)*) => {
        &[$($crate::contract::Rule {
            name: stringify!($name),
            needs: $needs,
            check: |subject| Box::pin(async move {
                let outcome = $module::$name(subject).await;
                outcome.map_err(|how| how.to_string())
            }),
        }),*]
    };
}

pub(crate) use rules;
