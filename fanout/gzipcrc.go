package fanout

import "hash/crc32"

// Polynomials over GF(2) modulo that of CRC-32, as [crc32.IEEE] has them: the highest bit is the coefficient of
// x^0. In these terms, the sum of a text is multiplied by x^8 for each byte that follows it.
const (
	xToThe0 = 1 << 31
	xToThe8 = 1 << 23
)

// shiftOver returns x^(8·length), what the sum of a text is multiplied by when length bytes follow it.
func shiftOver(length uint32) uint32 {
	product, square := uint32(xToThe0), uint32(xToThe8)
	for ; length > 0; length >>= 1 {
		if length&1 == 1 {
			product = multiply(product, square)
		}
		square = multiply(square, square)
	}
	return product
}

// multiply returns the product of two polynomials. It runs once for every event of every connection, therefore
// without a loop over the bits: each factor is taken apart into four, of every fourth bit. At most eight products
// of bits meet in one bit of the result, so that carries stay within the three bits above it, which are masked.
func multiply(a, b uint32) uint32 {
	const (
		every0 = 0x1111_1111_1111_1111
		every1 = 0x2222_2222_2222_2222
		every2 = 0x4444_4444_4444_4444
		every3 = 0x8888_8888_8888_8888
	)
	x, y := uint64(a), uint64(b)
	x0, x1, x2, x3 := x&every0, x&every1, x&every2, x&every3
	y0, y1, y2, y3 := y&every0, y&every1, y&every2, y&every3
	z := (x0*y0^x1*y3^x2*y2^x3*y1)&every0 |
		(x0*y1^x1*y0^x2*y3^x3*y2)&every1 |
		(x0*y2^x1*y1^x2*y0^x3*y3)&every2 |
		(x0*y3^x1*y2^x2*y1^x3*y0)&every3
	z <<= 1 // the highest of its bits is x^0 again, the lower half x^32 and above

	above := uint32(z)
	for range 4 {
		above = above>>8 ^ crc32.IEEETable[byte(above)]
	}
	return uint32(z>>32) ^ above
}
