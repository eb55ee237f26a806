package resilhttp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	resil "github.com/resilgen/resilgen/runtime"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newClient returns a client whose transport is guarded, with quick retries and other
// overrides.
func newClient(t *testing.T, overrides map[string]string) *http.Client {
	t.Helper()
	all := map[string]string{"retry": "initial=1ms", "timeout": "5s attempt=1s"}
	for name, words := range overrides {
		all[name] = words
	}
	beneath := &http.Transport{}
	guarded, err := NewTransport(beneath, resil.WithOverrides(resil.Overrides{"RoundTripper": all}))
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: guarded}
	t.Cleanup(client.CloseIdleConnections)
	return client
}

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.URL
}

func TestTransportGivesTheLastResponse(t *testing.T) {
	calls := 0
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		calls++
		w.WriteHeader(503)
		fmt.Fprintf(w, "attempt %d", calls)
	})
	resp, err := newClient(t, nil).Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "attempt 3" || calls != 3 {
		t.Errorf("%q, %v after %d calls, want the whole third response", body, err, calls)
	}
}

func TestTimeoutOfTransportEndsWithTheHeaders(t *testing.T) {
	release := make(chan struct{})
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hang" {
			<-r.Context().Done()
			return
		}
		w.(http.Flusher).Flush()
		<-release
		io.WriteString(w, "late")
	})
	client := newClient(t, map[string]string{"timeout": "200ms attempt=50ms"})
	if _, err := client.Get(url + "/hang"); !errors.Is(err, resil.ErrTimeout) {
		t.Errorf("error %v, want ErrTimeout", err)
	}
	resp, err := client.Get(url + "/slow")
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(300*time.Millisecond, func() { close(release) })
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "late" {
		t.Errorf("%q, %v: the body was cut off by a timeout that should have ended", body, err)
	}
	resp.Body.Close()
}

func TestHostsHaveBreakersOfTheirOwn(t *testing.T) {
	ill := serve(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500) })
	well := serve(t, func(w http.ResponseWriter, r *http.Request) {})
	client := newClient(t, map[string]string{"breaker": "consecutive=3"})
	if resp, err := client.Get(ill); err == nil {
		resp.Body.Close()
	}
	if _, err := client.Get(ill); !errors.Is(err, resil.ErrOpen) {
		t.Errorf("error %v, want ErrOpen after three failures", err)
	}
	resp, err := client.Get(well)
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%v, %v from the host that is well", resp, err)
	}
	resp.Body.Close()
}

func TestConnectionIsUpgraded(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		conn, buffered, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		line, _ := buffered.ReadString('\n')
		io.WriteString(conn, line)
	})
	req, _ := http.NewRequest("GET", url, nil)
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "echo")
	resp, err := newClient(t, nil).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	both, ok := resp.Body.(io.ReadWriter)
	if !ok {
		t.Fatalf("a body of type %T cannot be written to", resp.Body)
	}
	io.WriteString(both, "hello\n")
	if line, err := bufio.NewReader(both).ReadString('\n'); line != "hello\n" {
		t.Errorf("%q, %v", line, err)
	}
}

func TestRefusalIsAnswered(t *testing.T) {
	refused := func(reason error) error { return fmt.Errorf("calling: %w", &resil.Error{Reason: reason}) }
	for _, tt := range []struct {
		err    error
		status int
	}{
		{refused(resil.ErrLimited), 429},
		{refused(resil.ErrOpen), 503},
		{refused(resil.ErrFull), 503},
		{refused(resil.ErrRetryLater), 503},
		{refused(resil.ErrTimeout), 500},
		{errors.New("secret"), 500},
		{nil, 200},
	} {
		w := httptest.NewRecorder()
		HandlerFunc(func(http.ResponseWriter, *http.Request) error { return tt.err }).ServeHTTP(w, nil)
		if w.Code != tt.status || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%v: status %d, body %q, want %d", tt.err, w.Code, w.Body, tt.status)
		}
	}
}

func TestTimeLeftIsRoundedUp(t *testing.T) {
	for d, want := range map[time.Duration]int64{1: 1, time.Second: 1, time.Second + 1: 2, time.Minute: 60} {
		if got := seconds(d); got != want {
			t.Errorf("%v is %d seconds, want %d", d, got, want)
		}
	}
}

// Three services stand one behind another, each with a client of its own that repeats.
// The last one limits its callers. What it says must reach the first one's caller, and
// the repetitions must not multiply.
func TestRefusalCrossesThreeServices(t *testing.T) {
	limit, err := resil.New(resil.Spec{Name: "Bottom", Methods: []resil.MethodSpec{{Name: "Serve", Policies: resil.Policies{
		Limit: &resil.Limit{Name: "Bottom", Rate: resil.Rate{Count: 1, Per: time.Minute}, Burst: 1},
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	asked, served := 0, 0
	bottom := httptest.NewServer(HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		asked++
		return resil.Run(r.Context(), limit.Method("Serve"), func(context.Context) error {
			served++
			_, err := io.WriteString(w, "served")
			return err
		})
	}))
	defer bottom.Close()
	forward := func(to string) string {
		client := newClient(t, map[string]string{"retry": "3 initial=1ms max=100ms"})
		return serve(t, HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
			req, _ := http.NewRequestWithContext(r.Context(), "GET", to, nil)
			resp, err := client.Do(req)
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			w.Header().Set("Retry-After", resp.Header.Get("Retry-After"))
			w.WriteHeader(resp.StatusCode)
			_, err = io.Copy(w, resp.Body)
			return err
		}).ServeHTTP)
	}
	top := forward(forward(bottom.URL))
	client := newClient(t, map[string]string{"retry": "3 initial=1ms max=100ms"})
	for i, want := range []int{200, 429} {
		resp, err := client.Get(top)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("call %d: status %d, want %d", i, resp.StatusCode, want)
		}
		if after := resp.Header.Get("Retry-After"); want == 429 && after == "" {
			t.Error("the time after which to call again was lost on the way")
		}
	}
	if asked != 2 || served != 1 {
		t.Errorf("the last service was asked %d times and served %d calls, want 2 and 1", asked, served)
	}
}
