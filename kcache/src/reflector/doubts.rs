//! Whether what comes as protobuf is protobuf.

use crate::encoding::Encoding;
use crate::failure::{Class, Failure};
use crate::wire::WireError;

/// How often bodies looked as if something in between changes protobuf: a proxy that takes it for text, or
/// says that it is something else. It leads nowhere to go on requesting it there.
#[derive(Default)]
pub(super) struct Doubts(u32);

/// So many times in a row are no accident.
const MANY: u32 = 2;

impl Doubts {
    /// What went wrong with a body that the head says is written in this, if it says anything that is known.
    pub(super) fn failure(&mut self, error: WireError, said: Option<Encoding>) -> Failure {
        let failure = Failure::from(error);
        let is_mangled = match (error, said) {
            (WireError::NotProtobuf, _) => true,
            // A length that is too large ends like a body that is too short.
            (WireError::Incomplete, Some(Encoding::Protobuf))
            | (WireError::NotJson, Some(Encoding::Json)) => {
                self.0 += 1;
                self.0 >= MANY
            }
            _ => false,
        };
        if is_mangled {
            return Failure::classified(failure.cause().clone(), Class::Mangled, None);
        }
        failure
    }

    /// A list has come as it should.
    pub(super) fn end(&mut self) {
        self.0 = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_protobuf_is_mangled_and_what_may_be_an_accident_is_not() {
        let (json, protobuf) = (Some(Encoding::Json), Some(Encoding::Protobuf));
        let mut doubts = Doubts::default();
        let mut mangled = |error, said| doubts.failure(error, said).is_mangled();
        assert!(mangled(WireError::NotProtobuf, protobuf));
        for _ in 0..3 {
            // A page of a proxy, and bodies that are cut.
            assert!(!mangled(WireError::NotJson, None));
            assert!(!mangled(WireError::Incomplete, json));
            assert!(!mangled(WireError::NotAList, protobuf));
        }
        assert!(!mangled(WireError::Incomplete, protobuf));
        assert!(mangled(WireError::NotJson, json));
        doubts.end();
        assert!(!doubts.failure(WireError::NotJson, json).is_mangled());
    }
}
