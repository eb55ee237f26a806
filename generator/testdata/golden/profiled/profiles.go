// Package profiled has its policies in profiles.
package profiled

import "strings"

//resil:profile internal
// For backends in the same rack.
//resil:timeout 200ms
//resil:retry 2 initial=1ms
//resil:breaker open=1s per=strings.ToLower(peer)
//resil:classify app=ErrGone

//resil:profile public
//resil:timeout 5s
//resil:retry 5
//resil:limit 100/s

var _ = strings.ToLower
