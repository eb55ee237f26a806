//go:build linux

package servers

import (
	"strings"
	"testing"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// A proxy stands before a server and spoils what passes.
type proxy struct {
	*toxiproxy.Proxy
	t *testing.T
}

func newProxy(t *testing.T, upstream string) *proxy {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	p := toxiproxy.NewProxy(server, "proxy", "127.0.0.1:0", upstream)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return &proxy{p, t}
}

// with spoils answers while f runs. Connections made before are spoiled too. The toxics
// are those of toxiproxy, in JSON.
func (p *proxy) with(toxic string, f func()) {
	p.t.Helper()
	if _, err := p.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
		p.t.Fatal(err)
	}
	defer p.Toxics.ResetToxics(p.t.Context())
	f()
}

const (
	swallowed = `{"type": "timeout", "attributes": {"timeout": 0}}`    // nothing comes back, nothing ends
	cutOff    = `{"type": "limit_data", "attributes": {"bytes": 0}}`   // ended before the answer
	reset     = `{"type": "reset_peer", "attributes": {"timeout": 0}}` // with RST
	late      = `{"type": "latency", "attributes": {"latency": 3000}}` // answers come after 3 s
)
