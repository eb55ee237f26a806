package resilpage

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// hosts are the names under which the page answers, beside localhost and IP addresses.
// Another site can point a name of its own at this server, and its scripts then count as of
// the same origin. It cannot choose the name that the browser sends.
type hosts []string

// newHosts returns names as allow compares them. It panics where one could never be asked for.
func newHosts(names []string) (list hosts) {
	for _, name := range names {
		if bare := strings.TrimPrefix(name, "*."); bare == "" || name != "*" && strings.ContainsAny(bare, "*:/@ ") {
			panic(fmt.Sprintf("resilpage: WithHosts(%q): write a name without scheme and port, such as ops.example.com, or *.example.com for all below it", name))
		}
		list = append(list, strings.ToLower(strings.TrimSuffix(name, ".")))
	}
	return list
}

// allow reports whether a request to host, of its Host header, is answered.
func (h hosts) allow(host string) bool {
	name := host
	if before, _, err := net.SplitHostPort(host); err == nil {
		name = before
	}
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return true
	}
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	for _, listed := range h {
		rest, wild := strings.CutPrefix(listed, "*.")
		switch {
		case listed == "*", listed == name, wild && strings.HasSuffix(name, "."+rest):
			return true
		}
	}
	return false
}
