package resil

import "reflect"

// Codes of HTTP/2, RFC 9113 §7.
const (
	http2RefusedStream   = 7
	http2EnhanceYourCalm = 11
)

// http2Error knows the stream errors and GOAWAYs of net/http and of
// golang.org/x/net/http2 by their fields:
//
//	struct { StreamID uint32; Code ErrCode; Cause error }
//	struct { LastStreamID uint32; ErrCode ErrCode; DebugData string }
//
// Those of net/http are of unexported types. A stream that was refused has not been
// worked on.
func http2Error(err error) (f finding) {
	v := reflect.ValueOf(err)
	if v.Kind() != reflect.Struct || v.NumField() != 3 || v.Field(0).Kind() != reflect.Uint32 || v.Field(1).Kind() != reflect.Uint32 {
		return f
	}
	stream := v.Field(2).Kind() == reflect.Interface && fieldsAre(v.Type(), "StreamID", "Code", "Cause")
	switch code := v.Field(1).Uint(); {
	case !stream && !fieldsAre(v.Type(), "LastStreamID", "ErrCode", "DebugData"):
	case code == http2EnhanceYourCalm:
		f.found(weightSpecific, Throttled)
	case code == http2RefusedStream && stream:
		f.unsent(weightSpecific, Infrastructure)
	default:
		f.found(weightSpecific, Infrastructure)
	}
	return f
}

func fieldsAre(t reflect.Type, names ...string) bool {
	for i, name := range names {
		if t.Field(i).Name != name {
			return false
		}
	}
	return true
}
