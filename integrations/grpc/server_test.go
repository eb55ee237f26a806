package resilgrpc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	resilhttp "github.com/resilgen/resilgen/integrations/http"
	resil "github.com/resilgen/resilgen/runtime"
)

// refusalBy returns what a call under a policy gets when another has used it up.
func refusalBy(t *testing.T, directive string) error {
	t.Helper()
	p, err := resil.ParsePolicies(directive)
	if err != nil {
		t.Fatal(err)
	}
	if p.Breaker != nil {
		p.Breaker.Name = "secret"
	}
	if p.Limit != nil {
		p.Limit.Name = "secret"
	}
	if p.Bulkhead != nil {
		p.Bulkhead.Name = "secret"
	}
	c := resil.Must(resil.New(resil.Spec{Name: "secret", Methods: []resil.MethodSpec{{Name: "Call", Policies: p}}}))
	m := c.Method("Call")
	failing := resil.Infra(errors.New("secret"))
	if p.Retry != nil {
		failing = resil.Throttle(failing, 40*time.Second)
	}
	var refused error
	err = resil.Run(t.Context(), m, func(ctx context.Context) error {
		refused = resil.Run(ctx, m, func(context.Context) error { return failing })
		return refused
	})
	if p.Bulkhead == nil {
		refused = resil.Run(t.Context(), m, func(context.Context) error { return failing })
	}
	var e *resil.Error
	if !errors.As(refused, &e) {
		t.Fatalf("%s: got %v, %v", directive, err, refused)
	}
	return refused
}

func TestRefusalsBecomeStatusesWithDetails(t *testing.T) {
	forced := resil.Must(resil.New(resil.Spec{Name: "secret", Methods: []resil.MethodSpec{{Name: "Call", Policies: resil.Policies{Breaker: &resil.Breaker{Name: "secret", Consecutive: 1, Window: time.Minute, Open: time.Minute, Probes: 1, Min: 1}}}}}))
	forced.Breaker("secret").ForceOpen()
	open := refusalBy(t, "breaker consecutive=1 open=30s")
	limited := refusalBy(t, "limit 1/h")
	for _, tt := range []struct {
		name string
		err  error
		code codes.Code
		wait time.Duration // about; 0 for none
	}{
		{"open", open, codes.Unavailable, 30 * time.Second},
		{"open for good", resil.Run(t.Context(), forced.Method("Call"), nil), codes.ResourceExhausted, 0},
		{"limited", limited, codes.ResourceExhausted, time.Hour},
		{"full", refusalBy(t, "bulkhead 1"), codes.ResourceExhausted, 0},
		{"retry later", refusalBy(t, "retry 3 max=1s"), codes.Unavailable, 40 * time.Second},
		{"wrapped", fmt.Errorf("secret: %w", open), codes.Unavailable, 30 * time.Second},
		{"of an interceptor", withStatus(open), codes.Unavailable, 30 * time.Second},
		{"beside another error", errors.Join(errors.New("secret"), fmt.Errorf("secret: %w", open)), codes.Unavailable, 30 * time.Second},
		{"two", errors.Join(open, limited), codes.Unavailable, time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := &backend{unary: always(tt.err), output: func(int, outputStream) error { return tt.err }}
			client := dial(t, serve(t, b, Server{}.Options()...))
			var unary metadata.MD
			err := call(within(t), client, grpc.Trailer(&unary))
			checkRefusal(t, err, unary, tt.code, tt.wait)
			stream, err := client.StreamingOutputCall(within(t), &pb.StreamingOutputCallRequest{})
			if err != nil {
				t.Fatal(err)
			}
			_, err = stream.Recv()
			checkRefusal(t, err, stream.Trailer(), tt.code, tt.wait)
		})
	}
}

func checkRefusal(t *testing.T, err error, trailer metadata.MD, code codes.Code, wait time.Duration) {
	t.Helper()
	s := status.Convert(err)
	if s.Code() != code || strings.Contains(s.Proto().String(), "secret") {
		t.Errorf("status %v, want %v that names nobody", s.Proto(), code)
	}
	info := time.Duration(0)
	for _, d := range s.Details() {
		info = d.(*errdetails.RetryInfo).GetRetryDelay().AsDuration()
	}
	if info > wait*11/10 || info < wait*8/10 {
		t.Errorf("RetryInfo %v, want about %v", info, wait)
	}
	// The trailer is rounded up, so that who waits as told is not too early.
	pushed := resil.GRPCPushback(trailer.Get(pushback))
	if pushed.Final || pushed.After < info || pushed.After > info+time.Millisecond {
		t.Errorf("pushback %q, want %v", trailer.Get(pushback), info)
	}
}

func TestOtherErrorsOfHandlersPassAsTheyAre(t *testing.T) {
	exhausted := &resil.Error{Method: "A.B", Reason: resil.ErrExhausted, Attempts: 3, Err: status.Error(codes.NotFound, "x")}
	for _, err := range []error{nil, errors.New("plain"), status.Error(codes.NotFound, "no such order"), context.DeadlineExceeded, exhausted, (*resil.Error)(nil)} {
		if trailer, got := answerTo(err); got != err || trailer != nil {
			t.Errorf("%v became %v, %v", err, got, trailer)
		}
	}
}

// chain starts services in a row, each of which calls the next through a guard with
// directives of its own, the first of which is the caller's. The last service is bottom.
func chain(t *testing.T, bottom *backend, server Server, directives ...[]string) (call func(context.Context) error, guards []*Guard) {
	next := bottom
	for i := len(directives) - 1; i >= 0; i-- {
		g := newGuard(t, newSpec(t, directives[i]...))
		guards = append([]*Guard{g}, guards...)
		client := dial(t, serve(t, next, server.Options()...), g.DialOptions()...)
		call = func(ctx context.Context) error {
			_, err := client.UnaryCall(ctx, &pb.SimpleRequest{})
			return err
		}
		handle := call
		next = &backend{unary: func(ctx context.Context, _ int) error { return handle(ctx) }}
	}
	return call, guards
}

func retries(attempts int) []string {
	return []string{fmt.Sprintf("retry %d initial=1ms max=1ms budget=off", attempts)}
}

func TestRetriesOfServicesInARowAddUp(t *testing.T) {
	for _, tt := range []struct {
		name   string
		server Server
		calls  int64
	}{
		{"marked", Server{}, 5 + 4 + 3 - 2},
		{"attempts ignored", Server{IgnoreAttempts: true}, 5 * 4 * 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bottom := &backend{unary: always(errDown)}
			call, _ := chain(t, bottom, tt.server, retries(5), retries(4), retries(3))
			err := call(within(t))
			if bottom.calls.Load() != tt.calls || status.Code(err) != codes.Unavailable {
				t.Errorf("%d calls at the bottom, %v; want %d, UNAVAILABLE", bottom.calls.Load(), err, tt.calls)
			}
		})
	}
}

// The last client refuses a call. Nobody above repeats it before the time has come, and
// no breaker above counts it.
func TestRefusalIsThrottledServicesAbove(t *testing.T) {
	above := []string{"retry 5 initial=1ms max=1ms budget=off", "breaker consecutive=1"}
	for _, tt := range []struct {
		directive string
		bottom    error
		first     codes.Code
	}{
		{"limit 1/h", nil, codes.OK},
		{"breaker consecutive=1 open=1h", status.Error(codes.DataLoss, "lost"), codes.DataLoss},
	} {
		bottom := &backend{unary: always(tt.bottom)}
		call, guards := chain(t, bottom, Server{}, above, above, []string{tt.directive})
		for _, g := range guards[:2] { // which a failure would open
			g.Resilience().Breaker("tests").ForceClose()
		}
		if err := call(within(t)); status.Code(err) != tt.first {
			t.Errorf("%s: first call: %v", tt.directive, err)
		}
		for _, g := range guards[:2] {
			g.Resilience().Breaker("tests").Reset()
		}
		err := call(within(t))
		var e *resil.Error
		if bottom.calls.Load() != 1 || !errors.As(err, &e) || e.Reason != resil.ErrRetryLater || e.RetryAfter() < 50*time.Minute {
			t.Errorf("%s: %d calls at the bottom, %v; want 1, and ErrRetryLater with the time", tt.directive, bottom.calls.Load(), err)
		}
		for i, g := range guards[:2] {
			if s, b := g.statsOf(unaryName), g.Resilience().Stats().Breaker("tests"); s.Throttled != 1 || s.Attempts != 2 || b.State != resil.StateClosed || b.Failures != 0 {
				t.Errorf("%s: client %d: stats %+v, breaker %+v; want one attempt that was throttled and no failure", tt.directive, i, s, b)
			}
		}
	}
}

// An HTTP service in front of two gRPC services: the refusal of the last client arrives as
// one at the first, with its time.
func TestRefusalCrossesHTTPAndGRPC(t *testing.T) {
	bottom := &backend{}
	call, guards := chain(t, bottom, Server{}, retries(5), []string{"limit 1/h"})
	front := httptest.NewServer(resilhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error { return call(r.Context()) }))
	defer front.Close()
	next := new(http.Transport)
	defer next.CloseIdleConnections()
	transport := resil.Must(resilhttp.NewTransport(next))
	for i, want := range []int{http.StatusOK, http.StatusServiceUnavailable} {
		response, err := (&http.Client{Transport: transport}).Get(front.URL)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		after, _ := strconv.Atoi(response.Header.Get("Retry-After"))
		if response.StatusCode != want || (after > 3000) != (i == 1) {
			t.Errorf("call %d: %s, Retry-After %d", i+1, response.Status, after)
		}
	}
	s, g := transport.Resilience().Stats().Method("RoundTrip"), guards[0].statsOf(unaryName)
	if bottom.calls.Load() != 1 || s.Attempts != 2 || s.Throttled != 1 || g.Attempts != 2 || g.Throttled != 1 {
		t.Errorf("%d calls at the bottom, stats %+v, %+v; want 1, and one attempt that was throttled", bottom.calls.Load(), s, g)
	}
}

// A short wait is waited for: the call succeeds in the end, without a call too many.
func TestHintsAreWaitedForAcrossServices(t *testing.T) {
	bottom := &backend{}
	patient := []string{"retry 5 initial=1ms max=5s budget=off"}
	call, guards := chain(t, bottom, Server{}, patient, []string{"breaker"}, []string{"limit 5/s burst=1"})
	for range 3 {
		if err := call(within(t)); err != nil {
			t.Error(err)
		}
	}
	if s := guards[0].statsOf(unaryName); bottom.calls.Load() != 3 || s.Attempts > 5 || s.Throttled != s.Attempts-3 || s.Throttled == 0 {
		t.Errorf("%d calls at the bottom, stats %+v; want 3, and an attempt more for each wait", bottom.calls.Load(), s)
	}
}

func TestServersMarkRepetitions(t *testing.T) {
	for _, tt := range []struct {
		values []string
		want   int
	}{
		{nil, 1},
		{[]string{"0"}, 1},
		{[]string{"1"}, 2},
		{[]string{"1", "4", "2"}, 5},
		{[]string{"-1"}, 1},
		{[]string{"many"}, 1},
		{[]string{"99999999999999999999"}, 1},
	} {
		ctx := metadata.NewIncomingContext(t.Context(), metadata.MD{previousAttempts: tt.values})
		if got := resil.Attempt(incoming(ctx)); got != tt.want {
			t.Errorf("%q: attempt %d, want %d", tt.values, got, tt.want)
		}
	}
	seen := 0
	b := &backend{output: func(_ int, stream outputStream) error { seen = resil.Attempt(stream.Context()); return nil }}
	ctx := metadata.AppendToOutgoingContext(within(t), previousAttempts, "2")
	if _, err := receiveAll(ctx, dial(t, serve(t, b, Server{}.Options()...))); err != nil || seen != 3 {
		t.Errorf("a stream's handler saw attempt %d, %v; want 3", seen, err)
	}
}
