package resil

import (
	"crypto/rand"
	"encoding/hex"
)

// Token returns a new random UUID (version 4) as text, such as
// 9b2c6f0e-3d1a-4c5b-8e7f-0a1b2c3d4e5f. Generated code puts one into a request that
// takes an idempotency token, for all attempts of a call. It allocates the string and
// nothing else. It may be called concurrently.
func Token() string {
	var id [16]byte
	rand.Read(id[:]) // never fails
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	var text [36]byte
	hex.Encode(text[0:8], id[0:4])
	hex.Encode(text[9:13], id[4:6])
	hex.Encode(text[14:18], id[6:8])
	hex.Encode(text[19:23], id[8:10])
	hex.Encode(text[24:36], id[10:16])
	for _, i := range []int{8, 13, 18, 23} {
		text[i] = '-'
	}
	return string(text[:])
}
