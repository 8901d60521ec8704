//! ECDSA verification on small prime curves: secp128r1, secp192r1, secp224r1 (SEC 2 v1 and v2).
//!
//! Verification alone, over public values alone, so nothing here runs in constant time and no secret may come near
//! it. Written here because no stable crate has secp128r1, nor the other two beside the rest of our set. All three
//! curves have a = -3 and cofactor 1, so a point on the curve is a point of the group. Numbers are `N` limbs of 64
//! bits in Montgomery form; points are Jacobian. The tests compare with affine arithmetic on plain numbers.

use std::sync::LazyLock;

/// A number of `N` limbs, least significant first.
type Number<const N: usize> = [u64; N];

/// A curve with a = -3 over a field of at most `64 * N` bits.
pub(crate) struct Curve<const N: usize> {
    field: Modulus<N>,
    order: Modulus<N>,
    /// In Montgomery form, as are the coordinates of the generator.
    b: Number<N>,
    generator: [Number<N>; 2],
    /// Bytes of a coordinate, and of `r` and `s`.
    bytes: usize,
}

/// SEC 2 v1 §2.3.1.
pub(crate) static SECP128R1: LazyLock<Curve<2>> = LazyLock::new(|| {
    Curve::new(CurveText {
        p: "fffffffdffffffffffffffffffffffff",
        b: "e87579c11079f43dd824993c2cee5ed3",
        x: "161ff7528b899b2d0c28607ca52c5b86",
        y: "cf5ac8395bafeb13c02da292dded7a83",
        n: "fffffffe0000000075a30d1b9038a115",
    })
});

/// SEC 2 v2 §2.2.2; P-192 of FIPS 186-4.
pub(crate) static SECP192R1: LazyLock<Curve<3>> = LazyLock::new(|| {
    Curve::new(CurveText {
        p: "fffffffffffffffffffffffffffffffeffffffffffffffff",
        b: "64210519e59c80e70fa7e9ab72243049feb8deecc146b9b1",
        x: "188da80eb03090f67cbf20eb43a18800f4ff0afd82ff1012",
        y: "07192b95ffc8da78631011ed6b24cdd573f977a11e794811",
        n: "ffffffffffffffffffffffff99def836146bc9b1b4d22831",
    })
});

/// SEC 2 v2 §2.3.2; P-224 of FIPS 186-4.
pub(crate) static SECP224R1: LazyLock<Curve<4>> = LazyLock::new(|| {
    Curve::new(CurveText {
        p: "ffffffffffffffffffffffffffffffff000000000000000000000001",
        b: "b4050a850c04b3abf54132565044b0b7d7bfd8ba270b39432355ffb4",
        x: "b70e0cbd6bb4bf7f321390b94a03c1d356c21122343280d6115c1d21",
        y: "bd376388b5f723fb4c22dfe6cd4375a05a07476444d5819985007e34",
        n: "ffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3d",
    })
});

/// A curve as the standard prints it, in hexadecimal digits.
struct CurveText {
    p: &'static str,
    b: &'static str,
    x: &'static str,
    y: &'static str,
    n: &'static str,
}

impl<const N: usize> Curve<N> {
    fn new(text: CurveText) -> Self {
        let field = Modulus::new(parse(text.p));
        Self {
            b: field.enter(parse(text.b)),
            generator: [field.enter(parse(text.x)), field.enter(parse(text.y))],
            order: Modulus::new(parse(text.n)),
            bytes: text.p.len() / 2,
            field,
        }
    }

    /// Whether `signature`, `r` then `s`, is one of `message` by `key`, an uncompressed point (04, x, y).
    ///
    /// `message` is the integer to sign as it stands or a digest: of more bytes than the order has, the leftmost are
    /// taken (SEC 1 §4.1.4). A key that is no point of the curve, and a signature of another length, verify nothing.
    pub(crate) fn verifies(&self, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
        self.check(key, message, signature).unwrap_or(false)
    }

    /// Whether `key` is an uncompressed point of the curve.
    #[cfg(test)]
    pub(crate) fn is_point(&self, key: &[u8]) -> bool {
        self.point(key).is_some()
    }

    fn check(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Option<bool> {
        let key = self.point(key)?;
        if signature.len() != 2 * self.bytes {
            return None;
        }
        let (r, s) = signature.split_at(self.bytes);
        let n = &self.order;
        let (r, s) = (n.scalar(r)?, n.scalar(s)?);
        let e = n.reduced(number(&message[..message.len().min(self.bytes)])?);
        // u1 = e / s, u2 = r / s: Montgomery form times plain gives plain.
        let inverse = n.inverse(&n.enter(s));
        let (u1, u2) = (n.multiply(&e, &inverse), n.multiply(&r, &inverse));
        let sum = self.sum_of_multiples(&u1, &u2, key);
        Some(!is_zero(&sum.z) && self.has_x(&sum, r))
    }

    /// The affine point with these coordinates, if it lies on the curve.
    fn point(&self, bytes: &[u8]) -> Option<[Number<N>; 2]> {
        let (&tag, coordinates) = bytes.split_first()?;
        if tag != 0x04 || coordinates.len() != 2 * self.bytes {
            return None;
        }
        let (x, y) = coordinates.split_at(self.bytes);
        let f = &self.field;
        let coordinate = |bytes| number(bytes).filter(|value| less(value, &f.m)).map(|value| f.enter(value));
        let [x, y] = [coordinate(x)?, coordinate(y)?];
        // y^2 = x^3 - 3x + b
        let cube = f.multiply(&f.square(&x), &x);
        let right = f.add(&f.subtract(&cube, &f.triple(&x)), &self.b);
        (f.square(&y) == right).then_some([x, y])
    }

    /// Whether the affine x of a finite point, as an integer, is `r` modulo the order (SEC 1 §4.1.4).
    fn has_x(&self, point: &Point<N>, r: Number<N>) -> bool {
        let f = &self.field;
        let z2 = f.square(&point.z);
        let equals = |candidate: Number<N>| f.multiply(&f.enter(candidate), &z2) == point.x;
        // x is below p, so it may also be r + n.
        let (wrapped, carry) = add(&r, &self.order.m);
        equals(r) || (!carry && less(&wrapped, &f.m) && equals(wrapped))
    }

    /// `u1` times the generator and `u2` times `key`, two bits of each at a time.
    fn sum_of_multiples(&self, u1: &Number<N>, u2: &Number<N>, key: [Number<N>; 2]) -> Point<N> {
        let [g, q] = [self.generator, key].map(|[x, y]| Point { x, y, z: self.field.one });
        // table[i + 4j] = i G + j Q
        let mut table = [Point::INFINITY; 16];
        for at in 1..16 {
            table[at] = if at >= 4 { self.sum(&table[at - 4], &q) } else { self.sum(&table[at - 1], &g) };
        }
        let mut sum = Point::INFINITY;
        for bit in (0..8 * self.bytes).step_by(2).rev() {
            sum = self.double(&self.double(&sum));
            let digit = |u: &Number<N>| (u[bit / 64] >> (bit % 64)) as usize & 3;
            let at = digit(u1) + 4 * digit(u2);
            if at > 0 {
                sum = self.sum(&sum, &table[at]);
            }
        }
        sum
    }

    /// Doubling for a = -3 (formulas dbl-2001-b of the Explicit-Formulas Database).
    fn double(&self, point: &Point<N>) -> Point<N> {
        let f = &self.field;
        let delta = f.square(&point.z);
        let gamma = f.square(&point.y);
        let beta = f.multiply(&point.x, &gamma);
        let alpha = f.triple(&f.multiply(&f.subtract(&point.x, &delta), &f.add(&point.x, &delta)));
        let beta4 = f.twice(&f.twice(&beta));
        let x = f.subtract(&f.square(&alpha), &f.twice(&beta4));
        let z = f.subtract(&f.subtract(&f.square(&f.add(&point.y, &point.z)), &gamma), &delta);
        let gamma8 = f.twice(&f.twice(&f.twice(&f.square(&gamma))));
        let y = f.subtract(&f.multiply(&alpha, &f.subtract(&beta4, &x)), &gamma8);
        Point { x, y, z }
    }

    /// Addition of any two points (formulas add-1998-cmo-2), equal, opposite and infinite ones too.
    fn sum(&self, one: &Point<N>, two: &Point<N>) -> Point<N> {
        if is_zero(&one.z) {
            return *two;
        }
        if is_zero(&two.z) {
            return *one;
        }
        let f = &self.field;
        let (z1, z2) = (f.square(&one.z), f.square(&two.z));
        let (u1, u2) = (f.multiply(&one.x, &z2), f.multiply(&two.x, &z1));
        let s1 = f.multiply(&f.multiply(&one.y, &two.z), &z2);
        let s2 = f.multiply(&f.multiply(&two.y, &one.z), &z1);
        let (h, r) = (f.subtract(&u2, &u1), f.subtract(&s2, &s1));
        if is_zero(&h) {
            return if is_zero(&r) { self.double(one) } else { Point::INFINITY };
        }
        let h2 = f.square(&h);
        let h3 = f.multiply(&h2, &h);
        let v = f.multiply(&u1, &h2);
        let x = f.subtract(&f.subtract(&f.square(&r), &h3), &f.twice(&v));
        let y = f.subtract(&f.multiply(&r, &f.subtract(&v, &x)), &f.multiply(&s1, &h3));
        let z = f.multiply(&f.multiply(&one.z, &two.z), &h);
        Point { x, y, z }
    }
}

/// A point in Jacobian coordinates: x/z^2, y/z^3; infinity where z is zero.
#[derive(Clone, Copy)]
struct Point<const N: usize> {
    x: Number<N>,
    y: Number<N>,
    z: Number<N>,
}

impl<const N: usize> Point<N> {
    const INFINITY: Self = Self { x: [0; N], y: [0; N], z: [0; N] };
}

/// An odd modulus with what Montgomery's multiplication needs.
struct Modulus<const N: usize> {
    m: Number<N>,
    /// -1/m modulo 2^64.
    negative_inverse: u64,
    /// R = 2^(64 N) and its square, modulo m.
    one: Number<N>,
    square_of_r: Number<N>,
}

impl<const N: usize> Modulus<N> {
    fn new(m: Number<N>) -> Self {
        // Newton: each step doubles the bits that are right, and m is its own inverse modulo 8.
        let mut inverse = m[0];
        for _ in 0..5 {
            inverse = inverse.wrapping_mul(2u64.wrapping_sub(m[0].wrapping_mul(inverse)));
        }
        let mut modulus =
            Self { m, negative_inverse: inverse.wrapping_neg(), one: [0; N], square_of_r: [0; N] };
        let mut power = [0; N];
        power[0] = 1;
        for doublings in 1..=128 * N {
            power = modulus.twice(&power);
            if doublings == 64 * N {
                modulus.one = power;
            }
        }
        modulus.square_of_r = power;
        modulus
    }

    /// `value`, below the modulus, in Montgomery form.
    fn enter(&self, value: Number<N>) -> Number<N> {
        self.multiply(&value, &self.square_of_r)
    }

    /// A number from 1 to m - 1.
    fn scalar(&self, bytes: &[u8]) -> Option<Number<N>> {
        number(bytes).filter(|value| !is_zero(value) && less(value, &self.m))
    }

    /// A number of no more bits than the modulus, below the modulus.
    fn reduced(&self, value: Number<N>) -> Number<N> {
        let mut value = value;
        // Once, as all moduli here begin with a one bit.
        while !less(&value, &self.m) {
            value = subtract(&value, &self.m).0;
        }
        value
    }

    fn add(&self, one: &Number<N>, two: &Number<N>) -> Number<N> {
        let (sum, carry) = add(one, two);
        let (less, borrow) = subtract(&sum, &self.m);
        if carry || !borrow { less } else { sum }
    }

    fn subtract(&self, one: &Number<N>, two: &Number<N>) -> Number<N> {
        let (difference, borrow) = subtract(one, two);
        if borrow { add(&difference, &self.m).0 } else { difference }
    }

    fn twice(&self, value: &Number<N>) -> Number<N> {
        self.add(value, value)
    }

    fn triple(&self, value: &Number<N>) -> Number<N> {
        self.add(&self.twice(value), value)
    }

    fn square(&self, value: &Number<N>) -> Number<N> {
        self.multiply(value, value)
    }

    /// `one * two / R`, by coarsely integrated operand scanning: multiply by a limb, add what makes the lowest limb
    /// zero, shift.
    fn multiply(&self, one: &Number<N>, two: &Number<N>) -> Number<N> {
        let mut t = [0; N];
        // What lies above the N limbs; never more than one bit beyond one limb.
        let mut high = 0u64;
        for &limb in one {
            let mut carry = 0;
            for (t, &other) in t.iter_mut().zip(two) {
                (*t, carry) = multiply_add(limb, other, *t, carry);
            }
            let (above, over) = high.overflowing_add(carry);
            let q = t[0].wrapping_mul(self.negative_inverse);
            let (_, mut carry) = multiply_add(q, self.m[0], t[0], 0);
            for i in 1..N {
                (t[i - 1], carry) = multiply_add(q, self.m[i], t[i], carry);
            }
            let (top, over_too) = above.overflowing_add(carry);
            t[N - 1] = top;
            high = u64::from(over) + u64::from(over_too);
        }
        let (less, borrow) = subtract(&t, &self.m);
        if high > 0 || !borrow { less } else { t }
    }

    /// 1/value modulo a prime, by Fermat: value^(m-2). In and out in Montgomery form.
    fn inverse(&self, value: &Number<N>) -> Number<N> {
        let mut two = [0; N];
        two[0] = 2;
        let exponent = subtract(&self.m, &two).0;
        let mut power = self.one;
        for bit in (0..64 * N).rev() {
            power = self.square(&power);
            if exponent[bit / 64] >> (bit % 64) & 1 == 1 {
                power = self.multiply(&power, value);
            }
        }
        power
    }
}

/// `one * two + three + carry`, low and high.
#[inline]
fn multiply_add(one: u64, two: u64, three: u64, carry: u64) -> (u64, u64) {
    let wide = u128::from(one) * u128::from(two) + u128::from(three) + u128::from(carry);
    (wide as u64, (wide >> 64) as u64)
}

#[inline]
fn add<const N: usize>(one: &Number<N>, two: &Number<N>) -> (Number<N>, bool) {
    let mut carry = false;
    let sum = std::array::from_fn(|i| {
        let (sum, over) = one[i].overflowing_add(two[i]);
        let (sum, over_too) = sum.overflowing_add(u64::from(carry));
        carry = over | over_too;
        sum
    });
    (sum, carry)
}

#[inline]
fn subtract<const N: usize>(one: &Number<N>, two: &Number<N>) -> (Number<N>, bool) {
    let mut borrow = false;
    let difference = std::array::from_fn(|i| {
        let (difference, under) = one[i].overflowing_sub(two[i]);
        let (difference, under_too) = difference.overflowing_sub(u64::from(borrow));
        borrow = under | under_too;
        difference
    });
    (difference, borrow)
}

fn less<const N: usize>(one: &Number<N>, two: &Number<N>) -> bool {
    subtract(one, two).1
}

fn is_zero<const N: usize>(value: &Number<N>) -> bool {
    value.iter().all(|&limb| limb == 0)
}

/// Big-endian bytes, as many as fit.
fn number<const N: usize>(bytes: &[u8]) -> Option<Number<N>> {
    let mut number = [0; N];
    for (limb, chunk) in number.iter_mut().zip(bytes.rchunks(8)) {
        *limb = chunk.iter().fold(0, |limb, &byte| limb << 8 | u64::from(byte));
    }
    (bytes.len() <= 8 * N).then_some(number)
}

/// A number of the standard's text.
fn parse<const N: usize>(digits: &str) -> Number<N> {
    let mut number = [0; N];
    for (limb, chunk) in number.iter_mut().zip(digits.as_bytes().rchunks(16)) {
        let digits = std::str::from_utf8(chunk).expect("hexadecimal digits");
        *limb = u64::from_str_radix(digits, 16).expect("hexadecimal digits");
    }
    number
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::vocab::hex;

    /// The oracle: schoolbook numbers of 256 bits below a modulus of at most 224, and affine points.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Slow {
        high: u128,
        low: u128,
    }

    const ZERO: Slow = Slow { high: 0, low: 0 };

    impl Slow {
        fn of<const N: usize>(number: &Number<N>) -> Self {
            let limb = |i: usize| u128::from(number.get(i).copied().unwrap_or(0));
            Self { high: limb(3) << 64 | limb(2), low: limb(1) << 64 | limb(0) }
        }

        fn bytes(self, length: usize) -> Vec<u8> {
            [self.high.to_be_bytes(), self.low.to_be_bytes()].concat()[32 - length..].to_vec()
        }

        fn of_bytes(bytes: &[u8]) -> Self {
            Self::of(&number::<4>(bytes).unwrap())
        }

        fn below(self, other: Self) -> bool {
            (self.high, self.low) < (other.high, other.low)
        }

        fn minus(self, other: Self) -> Self {
            let (low, borrow) = self.low.overflowing_sub(other.low);
            Self { high: self.high.wrapping_sub(other.high).wrapping_sub(u128::from(borrow)), low }
        }

        fn plus(self, other: Self) -> Self {
            let (low, carry) = self.low.overflowing_add(other.low);
            Self { high: self.high.wrapping_add(other.high).wrapping_add(u128::from(carry)), low }
        }

        fn bit(self, at: usize) -> bool {
            (if at < 128 { self.low >> at } else { self.high >> (at - 128) }) & 1 == 1
        }

        fn modulo(self, m: Self) -> Self {
            let mut value = self;
            while !value.below(m) {
                value = value.minus(m);
            }
            value
        }

        fn times(self, other: Self, m: Self) -> Self {
            (0..256).rev().fold(ZERO, |product, at| {
                let product = product.plus(product).modulo(m);
                if other.bit(at) { product.plus(self).modulo(m) } else { product }
            })
        }

        fn is_even(self) -> bool {
            self.low & 1 == 0
        }

        fn half(self) -> Self {
            Self { high: self.high >> 1, low: self.low >> 1 | self.high << 127 }
        }

        /// By the binary extended algorithm of Euclid.
        fn inverse(self, m: Self) -> Self {
            let one = Slow { high: 0, low: 1 };
            let half = |x: Slow| if x.is_even() { x.half() } else { x.plus(m).half() };
            let (mut u, mut v, mut x, mut y) = (self, m, one, ZERO);
            while u != one && v != one {
                while u.is_even() {
                    (u, x) = (u.half(), half(x));
                }
                while v.is_even() {
                    (v, y) = (v.half(), half(y));
                }
                if v.below(u) {
                    (u, x) = (u.minus(v), x.plus(m).minus(y).modulo(m));
                } else {
                    (v, y) = (v.minus(u), y.plus(m).minus(x).modulo(m));
                }
            }
            if u == one { x } else { y }
        }
    }

    /// None is infinity.
    type Affine = Option<[Slow; 2]>;

    fn slow_sum(one: Affine, two: Affine, p: Slow) -> Affine {
        let (Some([x1, y1]), Some([x2, y2])) = (one, two) else { return one.or(two) };
        let minus = |a: Slow, b: Slow| a.plus(p).minus(b).modulo(p);
        let slope = if x1 == x2 {
            if y1.plus(y2).modulo(p) == ZERO {
                return None;
            }
            let x2 = x1.times(x1, p);
            let top = minus(x2.plus(x2).plus(x2).modulo(p), Slow { high: 0, low: 3 });
            top.times(y1.plus(y1).modulo(p).inverse(p), p)
        } else {
            minus(y2, y1).times(minus(x2, x1).inverse(p), p)
        };
        let x = minus(minus(slope.times(slope, p), x1), x2);
        Some([x, minus(slope.times(minus(x1, x), p), y1)])
    }

    fn slow_multiple(point: Affine, by: Slow, p: Slow) -> Affine {
        (0..256).rev().fold(None, |sum, at| {
            let sum = slow_sum(sum, sum, p);
            if by.bit(at) { slow_sum(sum, point, p) } else { sum }
        })
    }

    /// What the oracle needs of a curve, out of Montgomery form.
    struct Facts {
        p: Slow,
        n: Slow,
        generator: Affine,
        bytes: usize,
    }

    fn facts<const N: usize>(curve: &Curve<N>) -> Facts {
        let mut one = [0; N];
        one[0] = 1;
        let plain = |value: &Number<N>| Slow::of(&curve.field.multiply(value, &one));
        Facts {
            p: Slow::of(&curve.field.m),
            n: Slow::of(&curve.order.m),
            generator: Some(curve.generator.map(|coordinate| plain(&coordinate))),
            bytes: curve.bytes,
        }
    }

    fn uncompressed(point: Affine, bytes: usize) -> Vec<u8> {
        let [x, y] = point.unwrap();
        [vec![4], x.bytes(bytes), y.bytes(bytes)].concat()
    }

    /// Signs with a nonce, by the textbook.
    fn slow_sign(facts: &Facts, d: Slow, k: Slow, message: &[u8]) -> Option<Vec<u8>> {
        let n = facts.n;
        let [x, _] = slow_multiple(facts.generator, k, facts.p)?;
        let r = x.modulo(n);
        let e = Slow::of_bytes(&message[..message.len().min(facts.bytes)]).modulo(n);
        let s = k.inverse(n).times(e.plus(r.times(d, n)).modulo(n), n);
        (r != ZERO && s != ZERO).then(|| [r.bytes(facts.bytes), s.bytes(facts.bytes)].concat())
    }

    fn slow_verifies(facts: &Facts, q: Affine, message: &[u8], signature: &[u8]) -> bool {
        let n = facts.n;
        let (r, s) = signature.split_at(facts.bytes);
        let (r, s) = (Slow::of_bytes(r), Slow::of_bytes(s));
        if [r, s].iter().any(|value| *value == ZERO || !value.below(n)) {
            return false;
        }
        let e = Slow::of_bytes(&message[..message.len().min(facts.bytes)]).modulo(n);
        let w = s.inverse(n);
        let sum = slow_sum(
            slow_multiple(facts.generator, e.times(w, n), facts.p),
            slow_multiple(q, r.times(w, n), facts.p),
            facts.p,
        );
        sum.is_some_and(|[x, _]| x.modulo(n) == r)
    }

    /// Known multiples of the generators (FIPS 186-4 curves), and n G = infinity, (n - 1) G = -G for all three.
    #[test]
    fn multiples_of_the_generators() {
        fn ends<const N: usize>(curve: &Curve<N>) {
            let f = facts(curve);
            assert!(curve.point(&uncompressed(f.generator, f.bytes)).is_some());
            assert_eq!(slow_multiple(f.generator, f.n, f.p), None);
            let minus_one = subtract(&curve.order.m, &parse("1")).0;
            let zero = [0; N];
            let last = curve.sum_of_multiples(&minus_one, &zero, curve.generator);
            // It is finite, and one more is infinity; also when the two multiples cancel out.
            assert!(!is_zero(&last.z));
            let [x, y] = curve.generator;
            let one_more = curve.sum(&last, &Point { x, y, z: curve.field.one });
            assert!(is_zero(&one_more.z));
            let cancelled = curve.sum_of_multiples(&minus_one, &parse("1"), curve.generator);
            assert!(is_zero(&cancelled.z));
        }
        ends(&*SECP128R1);
        ends(&*SECP192R1);
        ends(&*SECP224R1);
        let double =
            |f: Facts| uncompressed(slow_multiple(f.generator, Slow { high: 0, low: 2 }, f.p), f.bytes);
        assert_eq!(
            hex::lower(&double(facts(&*SECP192R1))),
            "04dafebf5828783f2ad35534631588a3f629a70fb16982a888dd6bda0d993da0fa46b27bbc141b868f59331afa5c7e93ab"
        );
        assert_eq!(
            hex::lower(&double(facts(&*SECP224R1))),
            "04706a46dc76dcb76798e60e6d89474788d16dc18032d268fd1a704fa61c2b76a7bc25e7702a704fa986892849fca629487acf3709d2e4e8bb"
        );
    }

    #[test]
    fn a_key_is_a_point_of_the_curve() {
        let f = facts(&*SECP128R1);
        let good = uncompressed(f.generator, f.bytes);
        assert!(SECP128R1.point(&good).is_some());
        let mut compressed = good.clone();
        compressed[0] = 0x02;
        let mut off = good.clone();
        off[32] ^= 1;
        let [_, y] = f.generator.unwrap();
        // A coordinate has to lie below p.
        let wide = [vec![4], vec![0xFF; 16], y.bytes(16)].concat();
        for bad in [&good[..32], &good[1..], &compressed, &off, &[], &[4], &wide] {
            assert!(SECP128R1.point(bad).is_none(), "{}", hex::lower(bad));
        }
    }

    #[test]
    fn r_and_s_lie_below_the_order_and_above_zero() {
        let f = facts(&*SECP128R1);
        let key = uncompressed(f.generator, 16);
        let (one, zero) = (Slow { high: 0, low: 1 }.bytes(16), vec![0; 16]);
        let (n, below) = (f.n.bytes(16), f.n.minus(Slow { high: 0, low: 1 }).bytes(16));
        for bad in [[&zero, &one], [&one, &zero], [&n, &one], [&one, &n]] {
            assert_eq!(SECP128R1.check(&key, b"m", &bad.map(|part| part.as_slice()).concat()), None);
        }
        let edge = [below.as_slice(), &below].concat();
        assert_eq!(SECP128R1.check(&key, b"m", &edge), Some(false));
        for length in [0, 31, 33] {
            assert_eq!(SECP128R1.check(&key, b"m", &vec![1; length]), None);
        }
    }

    fn agree<const N: usize>(
        curve: &Curve<N>,
        [d, k]: [[u8; 16]; 2],
        message: &[u8],
        flip: Option<usize>,
    ) -> Result<(), TestCaseError> {
        let f = facts(curve);
        let [d, k] = [d, k].map(|bytes| Slow::of_bytes(&bytes).modulo(f.n));
        prop_assume!(d != ZERO && k != ZERO);
        let q = slow_multiple(f.generator, d, f.p);
        let Some(mut signature) = slow_sign(&f, d, k, message) else { return Ok(()) };
        if let Some(bit) = flip {
            let bit = bit % (8 * signature.len());
            signature[bit / 8] ^= 1 << (bit % 8);
        }
        let ours = curve.verifies(&uncompressed(q, f.bytes), message, &signature);
        prop_assert_eq!(ours, slow_verifies(&f, q, message, &signature));
        prop_assert_eq!(ours, flip.is_none());
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(6))]
        #[test]
        fn equals_the_textbook(scalars: [[u8; 16]; 2], message in prop::collection::vec(any::<u8>(), 0..40), flip in prop::option::of(0..448usize)) {
            agree(&SECP128R1, scalars, &message, flip)?;
            agree(&SECP192R1, scalars, &message, flip)?;
            agree(&SECP224R1, scalars, &message, flip)?;
        }
    }

    proptest! {
        #[test]
        fn montgomery_equals_the_schoolbook(one: [u64; 4], two: [u64; 4]) {
            fn check<const N: usize>(modulus: &Modulus<N>, one: [u64; 4], two: [u64; 4]) -> bool {
                let m = Slow::of(&modulus.m);
                let value = |limbs: [u64; 4]| {
                    let bytes = Slow::of(&limbs).modulo_by_bits(m).bytes(32);
                    number::<N>(&bytes[32 - 8 * N..]).unwrap()
                };
                let (one, two) = (value(one), value(two));
                let product = modulus.multiply(&modulus.enter(one), &two);
                let sum = modulus.add(&one, &two);
                let back = modulus.subtract(&sum, &two);
                Slow::of(&product) == Slow::of(&one).times(Slow::of(&two), m)
                    && Slow::of(&sum) == Slow::of(&one).plus(Slow::of(&two)).modulo(m)
                    && back == one
            }
            prop_assert!(check(&SECP128R1.field, one, two) && check(&SECP128R1.order, one, two));
            prop_assert!(check(&SECP192R1.field, one, two) && check(&SECP192R1.order, one, two));
            prop_assert!(check(&SECP224R1.field, one, two) && check(&SECP224R1.order, one, two));
        }
    }

    impl Slow {
        /// As [`Slow::modulo`], for a value far above the modulus.
        fn modulo_by_bits(self, m: Self) -> Self {
            (0..256).rev().fold(ZERO, |value, at| {
                let bit = Slow { high: 0, low: u128::from(self.bit(at)) };
                value.plus(value).plus(bit).modulo(m)
            })
        }
    }
}
