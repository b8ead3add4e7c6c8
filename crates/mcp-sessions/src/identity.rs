//! Who is calling, and to whom a session belongs.
//!
//! The host's authentication turns a verified token into an [`Identity`] and says so with a
//! [`Caller`]. A store never learns the claims: it sees a [`CallerKey`] and keeps a [`Binding`],
//! both made of the identity's digest.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use constant_time_eq::constant_time_eq_32;
use sha2::{Digest, Sha256};

use crate::Fingerprint;

/// A verified identity: issuer, tenant, client and subject, each of which may be absent.
///
/// Two identities are equal when all four are. *Absent is a value*: a claim that only one side
/// has makes them different. An empty string is absent. Nothing is folded or trimmed.
///
/// Clones share their claims and the digest, which is computed once.
///
/// ```
/// use mcp_sessions::Identity;
///
/// let ana = Identity::default().with_issuer("https://idp.example").with_subject("ana");
/// assert_eq!(ana.clone().with_tenant(""), ana);
/// assert_ne!(ana.clone().with_tenant("north"), ana);
/// ```
#[derive(Clone, Default)]
pub struct Identity(Arc<Claims>);

#[derive(Clone, Default)]
struct Claims {
    issuer: Option<Box<str>>,
    tenant: Option<Box<str>>,
    client: Option<Box<str>>,
    subject: Option<Box<str>>,
    digest: OnceLock<IdentityDigest>,
}

impl Claims {
    fn all(&self) -> [Option<&str>; 4] {
        [&self.issuer, &self.tenant, &self.client, &self.subject].map(Option::as_deref)
    }
}

impl Identity {
    /// Who vouches for the other three: the token's `iss`.
    #[must_use]
    pub fn with_issuer(self, issuer: impl Into<String>) -> Self {
        self.with(|claims| &mut claims.issuer, issuer.into())
    }

    /// The organisation on whose behalf the caller acts.
    #[must_use]
    pub fn with_tenant(self, tenant: impl Into<String>) -> Self {
        self.with(|claims| &mut claims.tenant, tenant.into())
    }

    /// The application that calls: `client_id`, `cid` or `azp`, as the issuer names it.
    #[must_use]
    pub fn with_client(self, client: impl Into<String>) -> Self {
        self.with(|claims| &mut claims.client, client.into())
    }

    /// The person or service that calls: the token's `sub`.
    #[must_use]
    pub fn with_subject(self, subject: impl Into<String>) -> Self {
        self.with(|claims| &mut claims.subject, subject.into())
    }

    fn with(mut self, field: impl FnOnce(&mut Claims) -> &mut Option<Box<str>>, value: String) -> Self {
        let claims = Arc::make_mut(&mut self.0);
        *field(claims) = (!value.is_empty()).then(|| value.into());
        claims.digest = OnceLock::new();
        self
    }

    /// Returns the identity if it names somebody: a token that carries neither a subject nor a
    /// client would let all its bearers share sessions.
    ///
    /// # Errors
    ///
    /// [`NamesNobody`], which a host answers as it answers a bad token.
    pub fn checked(self) -> Result<Self, NamesNobody> {
        if self.client().is_none() && self.subject().is_none() { Err(NamesNobody) } else { Ok(self) }
    }

    /// The issuer, if there is one.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.0.issuer.as_deref()
    }

    /// The tenant, if there is one.
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.0.tenant.as_deref()
    }

    /// The client, if there is one.
    #[must_use]
    pub fn client(&self) -> Option<&str> {
        self.0.client.as_deref()
    }

    /// The subject, if there is one.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.0.subject.as_deref()
    }

    /// Whether all four are absent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.all().iter().all(Option::is_none)
    }

    /// The digest that stands for this identity in stores; different identities have different
    /// ones, however their claims are cut.
    #[must_use]
    pub fn digest(&self) -> IdentityDigest {
        *self.0.digest.get_or_init(|| {
            let mut hash = Sha256::new().chain_update(b"mcp-sessions identity 1");
            for claim in self.0.all() {
                match claim {
                    None => hash.update([0]),
                    Some(value) => {
                        hash.update([1]);
                        hash.update((value.len() as u64).to_be_bytes());
                        hash.update(value);
                    }
                }
            }
            IdentityDigest(hash.finalize().into())
        })
    }
}

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        self.0.all() == other.0.all()
    }
}

impl Eq for Identity {}

/// Says which claims are there, not what they are: a subject may be an e-mail address.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let present: Vec<_> = ["issuer", "tenant", "client", "subject"]
            .into_iter()
            .zip(self.0.all())
            .filter_map(|(name, claim)| claim.map(|_| name))
            .collect();
        write!(f, "Identity({}; {})", self.digest().fingerprint(), present.join(", "))
    }
}

/// The identity has neither a subject nor a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the identity has neither a subject nor a client")]
pub struct NamesNobody;

/// SHA-256 of an identity, compared in constant time.
#[derive(Clone, Copy, Eq)]
pub struct IdentityDigest([u8; 32]);

impl IdentityDigest {
    /// The 32 bytes, for stores that keep records elsewhere.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// What logs may show of this identity.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(b"identity", &self.0)
    }

    /// Stands for all anonymous callers together, where something has to have an owner. It is no identity's: theirs begin
    /// with another text.
    pub(crate) fn of_nobody() -> Self {
        Self(Sha256::digest(b"mcp-sessions nobody 1").into())
    }
}

/// For stores that read records back.
impl From<[u8; 32]> for IdentityDigest {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl PartialEq for IdentityDigest {
    fn eq(&self, other: &Self) -> bool {
        constant_time_eq_32(&self.0, &other.0)
    }
}

impl Hash for IdentityDigest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for IdentityDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdentityDigest({})", self.fingerprint())
    }
}

/// Who makes a request, as the host's authentication found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// The host does not authenticate.
    Anonymous,
    /// The host verified this identity, [checked](Identity::checked) that it names somebody, and
    /// answered 401 if not. One without any claim is refused everywhere.
    Identified(Identity),
}

impl Caller {
    /// All that a store sees of this caller.
    ///
    /// # Errors
    ///
    /// [`NamesNobody`] when the identity has no claim at all: it stands for everybody whose token
    /// the host does not understand, who are neither anonymous nor one.
    pub fn key(&self) -> Result<CallerKey, NamesNobody> {
        match self {
            Self::Anonymous => Ok(CallerKey::Anonymous),
            Self::Identified(identity) if identity.is_empty() => Err(NamesNobody),
            Self::Identified(identity) => Ok(CallerKey::Identified(identity.digest())),
        }
    }
}

/// All that a store sees of a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallerKey {
    /// Nobody in particular.
    Anonymous,
    /// The identity with this digest.
    Identified(IdentityDigest),
}

/// To whom a session belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// To nobody yet: made by an anonymous caller under [lazy binding](crate::Policy::with_lazy_binding).
    /// Open to all until the first identified caller claims it.
    Unbound,
    /// To anonymous callers, for good. An identified caller is refused.
    Anonymous,
    /// To one identity, for good.
    Bound(IdentityDigest),
}

impl Binding {
    /// Whether `caller` may use a session with this binding.
    #[must_use]
    pub fn admits(&self, caller: CallerKey) -> bool {
        match (self, caller) {
            (Self::Unbound, _) | (Self::Anonymous, CallerKey::Anonymous) => true,
            (Self::Bound(owner), CallerKey::Identified(digest)) => *owner == digest,
            (Self::Anonymous, CallerKey::Identified(_)) | (Self::Bound(_), CallerKey::Anonymous) => false,
        }
    }

    /// The identity it belongs to, if it belongs to one.
    #[must_use]
    pub const fn owner(&self) -> Option<IdentityDigest> {
        match self {
            Self::Bound(owner) => Some(*owner),
            Self::Unbound | Self::Anonymous => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn identity(claims: &[Option<String>; 4]) -> Identity {
        let [issuer, tenant, client, subject] = claims.clone().map(Option::unwrap_or_default);
        Identity::default().with_issuer(issuer).with_tenant(tenant).with_client(client).with_subject(subject)
    }

    /// Few letters, so that equal claims and shifted boundaries are frequent.
    fn claims() -> impl Strategy<Value = [Option<String>; 4]> {
        prop::array::uniform4(prop::option::of("[a@:\u{0}\u{1}]{1,3}"))
    }

    proptest! {
        #[test]
        fn digests_are_equal_exactly_when_identities_are(a in claims(), b in claims()) {
            prop_assert_eq!(identity(&a) == identity(&b), a == b);
            prop_assert_eq!(identity(&a).digest() == identity(&b).digest(), a == b);
        }
    }

    #[test]
    fn a_digest_follows_a_later_change() {
        let ana = Identity::default().with_subject("ana");
        let before = ana.digest();
        assert_ne!(ana.with_tenant("north").digest(), before);
    }

    #[test]
    fn an_identity_names_a_subject_or_a_client() {
        let none = Identity::default();
        let cases = [
            (none.clone().with_subject("ana"), true),
            (none.clone().with_client("desktop"), true),
            (none.clone().with_issuer("idp").with_tenant("north"), false),
            (none.clone().with_subject(""), false),
            (none, false),
        ];
        for (identity, accepted) in cases {
            assert_eq!(identity.clone().checked().is_ok(), accepted, "{identity:?}");
        }
    }

    #[test]
    fn debug_shows_no_claim() {
        let shown = format!("{:?}", Caller::Identified(Identity::default().with_subject("ana@example.org")));
        assert!(shown.contains("subject") && !shown.contains("ana"), "{shown}");
    }

    #[test]
    fn an_identity_without_any_claim_is_nobodys_key() {
        let key = |identity| Caller::Identified(identity).key();
        assert_eq!(Caller::Anonymous.key(), Ok(CallerKey::Anonymous));
        assert_eq!(key(Identity::default()), Err(NamesNobody));
        for somebody in [Identity::default().with_tenant("north"), Identity::default().with_subject("ana")] {
            assert_eq!(key(somebody.clone()), Ok(CallerKey::Identified(somebody.digest())));
        }
    }
}
