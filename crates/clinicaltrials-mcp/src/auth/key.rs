//! Keys that signatures are checked with, and the algorithms that each is for.
//!
//! What a key is decides which algorithms it may be used with, never what a token says of itself: a public key that a
//! token has used as the secret of an HMAC is the oldest trick there is.

use crate::settings::SECRET_BYTES_MIN;
use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind,
    crypto::rust_crypto::DEFAULT_PROVIDER,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse},
};
use std::fmt;

/// Sizes of RSA keys that are used, in bits: what RFC 7518 §3.3 demands, and what takes no long time to check.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2_048..=4_096;
/// Longest name of a key.
const ID_BYTES_MAX: usize = 1_024;

/// A key, its name if it has one, and the algorithms it may be used with.
#[derive(Clone)]
pub struct TrustedKey {
    id: Option<String>,
    key: DecodingKey,
    algorithms: Vec<Algorithm>,
}

/// Why a key is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No PEM, or PEM of something else.
    #[error("is not a public key in PEM (`-----BEGIN PUBLIC KEY-----`), of RSA, P-256, P-384 or Ed25519")]
    NotPublicPem,
    /// A private key, which a server that only verifies must not have.
    #[error("is a private key; give the public one (openssl pkey -in KEY -pubout)")]
    Private,
    /// A certificate, whose key is not taken out of it.
    #[error("is a certificate; give the public key in it (openssl x509 -in CERTIFICATE -pubkey -noout)")]
    Certificate,
    /// An RSA key too small to be safe or too large to be quick.
    #[error("is an RSA key of {bits} bits; keys of 2048 to 4096 bits are used")]
    RsaSize {
        /// Its size.
        bits: usize,
    },
    /// A curve or kind of key that is not known, or a point that is not on the curve.
    #[error("is not a usable key of RSA, P-256, P-384 or Ed25519")]
    Unusable,
    /// A key that is published for something else than signatures.
    #[error("is not for checking signatures")]
    OtherUse,
}

impl TrustedKey {
    /// A shared secret, for the HMACs that it is long enough for (RFC 7518 §3.2).
    pub fn from_secret(secret: &[u8]) -> Self {
        let algorithms =
            [(SECRET_BYTES_MIN, Algorithm::HS256), (48, Algorithm::HS384), (64, Algorithm::HS512)];
        let algorithms = algorithms.into_iter().filter(|(bytes_min, _)| secret.len() >= *bytes_min);
        Self {
            id: None,
            key: DecodingKey::from_secret(secret),
            algorithms: algorithms.map(|(_, algorithm)| algorithm).collect(),
        }
    }

    /// A public key from a PEM file.
    ///
    /// # Errors
    ///
    /// [`KeyError`] says what the file has instead.
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        let text = str::from_utf8(pem).map_err(|_| KeyError::NotPublicPem)?;
        let mut labels = text.lines().filter_map(|line| line.trim().strip_prefix("-----BEGIN "));
        match (labels.next(), labels.next()) {
            (Some("PUBLIC KEY-----" | "RSA PUBLIC KEY-----"), None) => {}
            (Some("CERTIFICATE-----"), _) => return Err(KeyError::Certificate),
            (Some(label), _) if label.ends_with("PRIVATE KEY-----") => return Err(KeyError::Private),
            _ => return Err(KeyError::NotPublicPem),
        }
        let key = DecodingKey::from_rsa_pem(pem)
            .or_else(|_| DecodingKey::from_ec_pem(pem))
            .or_else(|_| DecodingKey::from_ed_pem(pem))
            .map_err(|_| KeyError::NotPublicPem)?;
        Self::public(None, key)
    }

    /// A key that an issuer publishes (RFC 7517).
    ///
    /// # Errors
    ///
    /// [`KeyError`] when it is not one for signatures, or not of a kind that is used.
    pub(super) fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        let common = &jwk.common;
        if common.public_key_use.as_ref().is_some_and(|usage| *usage != PublicKeyUse::Signature)
            || common.key_operations.as_ref().is_some_and(|all| !all.contains(&KeyOperations::Verify))
        {
            return Err(KeyError::OtherUse);
        }
        // A point is as long on another curve, so the curve is looked at here.
        let is_known = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => true,
            AlgorithmParameters::EllipticCurve(point) => {
                matches!(point.curve, EllipticCurve::P256 | EllipticCurve::P384)
            }
            AlgorithmParameters::OctetKeyPair(pair) => pair.curve == EllipticCurve::Ed25519,
            // A secret that is published is none.
            _ => false,
        };
        let id = common.key_id.clone().filter(|id| id.len() <= ID_BYTES_MAX);
        if !is_known || id.is_none() != common.key_id.is_none() {
            return Err(KeyError::Unusable);
        }
        let key = DecodingKey::from_jwk(jwk).map_err(|_| KeyError::Unusable)?;
        let mut key = Self::public(id, key)?;
        if let Some(only) = common.key_algorithm {
            key.algorithms.retain(|algorithm| Algorithm::try_from(only).is_ok_and(|only| only == *algorithm));
        }
        if key.algorithms.is_empty() { Err(KeyError::Unusable) } else { Ok(key) }
    }

    fn public(id: Option<String>, key: DecodingKey) -> Result<Self, KeyError> {
        let (key, algorithms) = match (key.family(), key.kind()) {
            (AlgorithmFamily::Rsa, kind) => {
                let (n, e) = match kind {
                    DecodingKeyKind::RsaModulusExponent { n, e } => (n.clone(), e.clone()),
                    DecodingKeyKind::SecretOrDer(der) => {
                        let split = DEFAULT_PROVIDER.key_utils.rsa_pub_components_from_public_key;
                        split(der).map_err(|_| KeyError::Unusable)?
                    }
                };
                let bits = bits(&n);
                if !RSA_BITS.contains(&bits) {
                    return Err(KeyError::RsaSize { bits });
                }
                if [&n, &e].into_iter().any(|number| number.last().is_none_or(|byte| byte % 2 == 0)) {
                    return Err(KeyError::Unusable);
                }
                (DecodingKey::from_rsa_raw_components(&n, &e), AlgorithmFamily::Rsa.algorithms())
            }
            // An uncompressed point: one byte and two coordinates.
            (AlgorithmFamily::Ec, DecodingKeyKind::SecretOrDer(point)) => match point.len() {
                65 => (key, &[Algorithm::ES256][..]),
                97 => (key, &[Algorithm::ES384][..]),
                _ => return Err(KeyError::Unusable),
            },
            (AlgorithmFamily::Ed, _) => (key, AlgorithmFamily::Ed.algorithms()),
            _ => return Err(KeyError::Unusable),
        };
        // Whether the numbers make a key shows when a signature is checked with them; no token should have to find out.
        let verifier = DEFAULT_PROVIDER.verifier_factory;
        if algorithms.iter().any(|algorithm| verifier(algorithm, &key).is_err()) {
            return Err(KeyError::Unusable);
        }
        Ok(Self { id, key, algorithms: algorithms.to_vec() })
    }

    /// Its name.
    pub(super) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The algorithms it may be used with.
    pub(super) fn algorithms(&self) -> &[Algorithm] {
        &self.algorithms
    }

    /// The key itself.
    pub(super) fn key(&self) -> &DecodingKey {
        &self.key
    }
}

/// It may be a secret.
impl fmt::Debug for TrustedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustedKey")
            .field("id", &self.id)
            .field("algorithms", &self.algorithms)
            .finish_non_exhaustive()
    }
}

/// How many bits a number has.
fn bits(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros).map_or(0, |first| (number.len() - zeros) * 8 - first.leading_zeros() as usize)
}
