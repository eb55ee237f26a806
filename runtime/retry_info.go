package resil

import (
	"encoding/binary"
	"math"
	"strings"
	"time"
)

// RetryInfo reads how long a server wants to be left alone from a detail of a gRPC status:
// from the type URL and the value of an Any that holds a google.rpc.RetryInfo
// (google/rpc/error_details.proto of googleapis). It is 0 for every other detail, for a value
// that cannot be read, and for a delay that is negative. What is too long for a time.Duration
// is the longest one.
//
// It needs no protobuf package:
//
//	for _, d := range s.Proto().GetDetails() {
//		v.After = max(v.After, resil.RetryInfo(d.GetTypeUrl(), d.GetValue()))
//	}
func RetryInfo(typeURL string, value []byte) time.Duration {
	if typeURL[strings.LastIndexByte(typeURL, '/')+1:] != "google.rpc.RetryInfo" {
		return 0
	}
	var delay []byte // a google.protobuf.Duration; its parts add up where there are several
	if !protoFields(value, func(field uint64, _ uint64, message []byte) {
		if field == 1 {
			delay = append(delay, message...)
		}
	}) {
		return 0
	}
	var seconds int64
	var nanos int32
	if !protoFields(delay, func(field uint64, number uint64, _ []byte) {
		switch field {
		case 1:
			seconds = int64(number)
		case 2:
			nanos = int32(number)
		}
	}) || seconds < 0 || nanos < 0 {
		return 0
	}
	if seconds >= math.MaxInt64/int64(time.Second) {
		return math.MaxInt64
	}
	return time.Duration(seconds)*time.Second + time.Duration(nanos)
}

// protoFields calls f with the fields of a message in protobuf's wire format: numbers of
// variable length as number, everything with a length as message. It returns false where the
// format is broken.
func protoFields(message []byte, f func(field, number uint64, message []byte)) bool {
	for len(message) > 0 {
		tag, n := binary.Uvarint(message)
		if n <= 0 {
			return false
		}
		message = message[n:]
		skip := uint64(0)
		switch tag & 7 {
		case 0:
			number, n := binary.Uvarint(message)
			if n <= 0 {
				return false
			}
			message = message[n:]
			f(tag>>3, number, nil)
		case 1:
			skip = 8
		case 2:
			if skip, n = binary.Uvarint(message); n <= 0 {
				return false
			}
			message = message[n:]
		case 5:
			skip = 4
		default:
			return false
		}
		if skip > uint64(len(message)) {
			return false
		}
		if tag&7 == 2 {
			f(tag>>3, 0, message[:skip])
		}
		message = message[skip:]
	}
	return true
}
