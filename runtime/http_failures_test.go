package resil

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// serve accepts connections on loopback, handles each on a goroutine of its own, and
// returns the address. The connections are closed when the test ends.
func serve(t *testing.T, handle func(net.Conn)) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan bool)
	conns := make(chan net.Conn, 100)
	go func() {
		defer close(ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conns <- conn
			go handle(conn)
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-ended
		close(conns)
		for conn := range conns {
			conn.Close()
		}
	})
	return l.Addr().String()
}

// Types of HTTP/2's frames, RFC 9113 §6.
const (
	frameData     = 0
	frameHeaders  = 1
	frameReset    = 3
	frameSettings = 4
	frameGoAway   = 7
)

func writeFrame(w io.Writer, kind, flags byte, stream uint32, payload ...uint32) {
	frame := []byte{0, 0, byte(4 * len(payload)), kind, flags}
	frame = binary.BigEndian.AppendUint32(frame, stream)
	for _, p := range payload {
		frame = binary.BigEndian.AppendUint32(frame, p)
	}
	w.Write(frame)
}

// serveHTTP2 serves HTTP/2 without TLS and has ruin answer each request.
func serveHTTP2(t *testing.T, ruin func(conn net.Conn, stream uint32)) (url string) {
	return "http://" + serve(t, func(conn net.Conn) {
		defer conn.Close()
		r := bufio.NewReader(conn)
		r.Discard(len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
		writeFrame(conn, frameSettings, 0, 0)
		for {
			var head [9]byte
			if _, err := io.ReadFull(r, head[:]); err != nil {
				return
			}
			length := int(head[0])<<16 | int(head[1])<<8 | int(head[2])
			if _, err := r.Discard(length); err != nil {
				return
			}
			switch kind, flags := head[3], head[4]; {
			case kind == frameSettings && flags == 0:
				writeFrame(conn, frameSettings, 1, 0)
			case (kind == frameHeaders || kind == frameData) && flags&1 != 0: // the end of the request
				ruin(conn, binary.BigEndian.Uint32(head[5:]))
			}
		}
	})
}

func TestFailuresOfRealHTTP2(t *testing.T) {
	goAway := func(code uint32) func(net.Conn, uint32) {
		return func(conn net.Conn, stream uint32) {
			writeFrame(conn, frameGoAway, 0, 0, stream, code)
			conn.(*net.TCPConn).CloseWrite() // the client may be writing still
		}
	}
	reset := func(code uint32) func(net.Conn, uint32) {
		return func(conn net.Conn, stream uint32) { writeFrame(conn, frameReset, 0, stream, code) }
	}
	for _, tt := range []struct {
		name string
		ruin func(net.Conn, uint32)
		want Verdict
	}{
		{"GOAWAY", goAway(0), Verdict{Class: Infrastructure}},
		{"GOAWAY with an error", goAway(2), Verdict{Class: Infrastructure}},
		{"GOAWAY ENHANCE_YOUR_CALM", goAway(11), Verdict{Class: Throttled}},
		{"RST_STREAM INTERNAL_ERROR", reset(2), Verdict{Class: Infrastructure}},
		{"RST_STREAM CANCEL", reset(8), Verdict{Class: Infrastructure}},
		{"RST_STREAM ENHANCE_YOUR_CALM", reset(11), Verdict{Class: Throttled}},
		// The transport repeats what it can by itself, and says the rest in words.
		{"RST_STREAM REFUSED_STREAM", reset(7), Verdict{Class: Infrastructure}},
		{"lost pings", func(net.Conn, uint32) {}, Verdict{Class: Infrastructure}},
		{"a connection that is closed", func(conn net.Conn, _ uint32) { conn.Close() }, Verdict{Class: Infrastructure}},
		{"a frame that makes no sense", func(conn net.Conn, _ uint32) { writeFrame(conn, frameSettings, 0, 77, 1) }, Verdict{Class: Infrastructure}},
		{"an answer that is not HTTP/2", func(conn net.Conn, _ uint32) { io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n") }, Verdict{Class: Infrastructure}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var p http.Protocols
			p.SetUnencryptedHTTP2(true)
			transport := &http.Transport{Protocols: &p, HTTP2: &http.HTTP2Config{SendPingTimeout: 20 * time.Millisecond, PingTimeout: 20 * time.Millisecond}}
			defer transport.CloseIdleConnections()
			// A body that cannot be read again keeps the transport from repeating.
			_, err := (&http.Client{Transport: transport}).Post(serveHTTP2(t, tt.ruin), "", io.MultiReader(strings.NewReader("x")))
			if got := verdictOf(err, Verdict{}, nil); err == nil || got != tt.want {
				t.Errorf("%v is %+v, want %+v", err, got, tt.want)
			}
		})
	}
}

// An answer that is cut off is a dead connection, wherever it was cut; so is one that
// makes no sense.
func TestAnswersOfRealHTTPThatAreCut(t *testing.T) {
	const answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\n0123456789"
	get := func(t *testing.T, answer string) error {
		url := "http://" + serve(t, func(conn net.Conn) {
			http.ReadRequest(bufio.NewReader(conn))
			io.WriteString(conn, answer)
			conn.Close()
		})
		transport := new(http.Transport)
		defer transport.CloseIdleConnections()
		resp, err := (&http.Client{Transport: transport}).Get(url)
		if err == nil {
			_, err = io.ReadAll(resp.Body)
			resp.Body.Close()
		}
		return err
	}
	for length := range len(answer) {
		if err := get(t, answer[:length]); err == nil || ClassOf(err) != Infrastructure {
			t.Errorf("cut after %q: %v is %v, want infrastructure", answer[:length], err, ClassOf(err))
		}
	}
	if err := get(t, answer); err != nil {
		t.Errorf("all of it: %v", err)
	}
	for _, nonsense := range []string{"SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"} {
		if err := get(t, nonsense); ClassOf(err) != Infrastructure {
			t.Errorf("%q: %v is %v, want infrastructure", nonsense, err, ClassOf(err))
		}
	}
}

func TestFailuresOfRealConnections(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	secure := httptest.NewUnstartedServer(nil)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	banner := serve(t, func(conn net.Conn) {
		io.WriteString(conn, "220 smtp.example ready\r\n")
		io.Copy(io.Discard, conn)
	})
	dead := httptest.NewServer(nil)
	dead.Close()
	silent := serve(t, func(net.Conn) {})
	reset := serve(t, func(conn net.Conn) {
		http.ReadRequest(bufio.NewReader(conn))
		conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
	})

	canceled, cancel := context.WithCancel(context.Background())
	cancel()

	get := func(ctx context.Context, url string) error {
		refused := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, errors.New("no name server")
		}}
		transport := &http.Transport{
			DialContext:           (&net.Dialer{Resolver: refused}).DialContext,
			ResponseHeaderTimeout: 20 * time.Millisecond,
		}
		defer transport.CloseIdleConnections()
		req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
		if err != nil {
			return err
		}
		resp, err := (&http.Client{Transport: transport}).Do(req)
		if err == nil {
			resp.Body.Close()
		}
		return err
	}
	ctx := context.Background()
	_, address := net.Dial("tcp", "127.0.0.1")
	_, mismatch := tls.Dial("tcp", secure.Listener.Addr().String(), &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10, InsecureSkipVerify: true})
	for _, tt := range []struct {
		name string
		err  error
		want Verdict
	}{
		{"nobody listens", get(ctx, dead.URL), Verdict{Class: Infrastructure, Unsent: true}},
		{"a reset before the answer", get(ctx, "http://"+reset), Verdict{Class: Infrastructure}},
		{"no such host", get(ctx, "http://nowhere.invalid"), Verdict{Class: Infrastructure, Unsent: true}},
		{"an unknown certificate authority", get(ctx, secure.URL), Verdict{Class: SystemFault}},
		{"TLS with a port that does not speak it", get(ctx, "https://"+banner), Verdict{Class: SystemFault}},
		{"versions of TLS that do not match", mismatch, Verdict{Class: SystemFault}},
		{"an address without a port", address, Verdict{Class: SystemFault}},
		{"TLS with a server of HTTP", get(ctx, "https://"+plain.Listener.Addr().String()), Verdict{Class: Infrastructure}},
		{"no answer in time", get(ctx, "http://"+silent), Verdict{Class: Infrastructure}},
		{"a cancellation", get(canceled, "http://"+silent), Verdict{Class: Unknown}},
		{"a scheme that the client does not know", get(ctx, "gopher://"+silent), Verdict{Class: Unknown}},
		{"a URL without a host", get(ctx, "http:///x"), Verdict{Class: Unknown}},
		{"a URL that cannot be read", get(ctx, "http://a b/"), Verdict{Class: Unknown}},
	} {
		if got := verdictOf(tt.err, Verdict{}, nil); tt.err == nil || got != tt.want {
			t.Errorf("%s: %v is %+v, want %+v", tt.name, tt.err, got, tt.want)
		}
	}
}
