package resilpage

import (
	"net/http"
	"strconv"
	"strings"
)

// wantsJSON reports whether a request prefers JSON to HTML: by format=json, or by its Accept
// header. HTML wins where both are as welcome.
func wantsJSON(r *http.Request) bool {
	switch r.URL.Query().Get("format") {
	case "json":
		return true
	case "html":
		return false
	}
	accept := strings.Join(r.Header.Values("Accept"), ",")
	return quality(accept, "application", "json") > quality(accept, "text", "html")
}

// quality is how welcome a media type is to an Accept header, from 0 to 1: what the most
// specific range that it matches says.
func quality(accept, typ, subtype string) float64 {
	best, found := 0.0, -1
	for part := range strings.SplitSeq(accept, ",") {
		media, params, _ := strings.Cut(part, ";")
		t, s, ok := strings.Cut(strings.ToLower(strings.TrimSpace(media)), "/")
		specific := -1
		switch {
		case !ok:
		case t == typ && s == subtype:
			specific = 2
		case t == typ && s == "*":
			specific = 1
		case t == "*" && s == "*":
			specific = 0
		}
		if specific > found {
			found, best = specific, weight(params)
		}
	}
	return best
}

// weight is the q of a media range, 1 where there is none, and 0 where nobody can read it.
func weight(params string) float64 {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(param, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || !(q >= 0 && q <= 1) {
			return 0
		}
		return q
	}
	return 1
}
