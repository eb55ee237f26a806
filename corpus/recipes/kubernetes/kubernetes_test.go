package kubernetes

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	typed "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

var pods = schema.GroupResource{Resource: "pods"}

func TestVerdicts(t *testing.T) {
	answer, failure := resil.Verdict{Class: resil.Application}, resil.Verdict{Class: resil.Infrastructure}
	throttled := resil.Verdict{Class: resil.Throttled}
	unavailable := apierrors.NewServiceUnavailable("starting")
	unavailable.ErrStatus.Details = &metav1.StatusDetails{RetryAfterSeconds: 4}
	verdicttest.Errors(t, classifyPodsKubernetes, []verdicttest.Case{
		{Name: "not found", Err: apierrors.NewNotFound(pods, "p"), Want: answer},
		{Name: "already exists", Err: apierrors.NewAlreadyExists(pods, "p"), Want: answer},
		{Name: "no free generated name", Err: apierrors.NewGenerateNameConflict(pods, "p", 1), Want: answer},
		{Name: "unauthorized", Err: apierrors.NewUnauthorized("token"), Want: answer},
		{Name: "forbidden", Err: apierrors.NewForbidden(pods, "p", errors.New("rule")), Want: answer},
		{Name: "conflict", Err: apierrors.NewConflict(pods, "p", errors.New("version")), Want: answer},
		{Name: "conflict of fields", Err: apierrors.NewApplyConflict(nil, "field"), Want: answer},
		{Name: "gone", Err: apierrors.NewGone("version"), Want: answer},
		{Name: "expired", Err: apierrors.NewResourceExpired("version"), Want: answer},
		{Name: "invalid", Err: apierrors.NewInvalid(schema.GroupKind{Kind: "Pod"}, "p", nil), Want: answer},
		{Name: "bad request", Err: apierrors.NewBadRequest("text"), Want: answer},
		{Name: "method", Err: apierrors.NewMethodNotSupported(pods, "get"), Want: answer},
		{Name: "too large", Err: apierrors.NewRequestEntityTooLargeError("text"), Want: answer},

		{Name: "too many requests", Err: apierrors.NewTooManyRequestsError("text"), Want: throttled},
		{Name: "too many requests until", Err: apierrors.NewTooManyRequests("text", 3), Want: resil.Verdict{Class: resil.Throttled, After: 3 * time.Second}},
		{Name: "unavailable", Err: apierrors.NewServiceUnavailable("text"), Want: failure},
		{Name: "unavailable until", Err: unavailable, Want: resil.Verdict{Class: resil.Throttled, After: 4 * time.Second}},
		{Name: "timeout of the server", Err: apierrors.NewServerTimeout(pods, "get", 2), Want: resil.Verdict{Class: resil.Infrastructure, After: 2 * time.Second}},
		{Name: "timeout", Err: apierrors.NewTimeoutError("text", 0), Want: failure},
		{Name: "internal", Err: apierrors.NewInternalError(errors.New("text")), Want: failure},
		{Name: "a proxy's answer", Err: apierrors.NewGenericServerResponse(502, "get", pods, "p", "text", 0, true), Want: failure},
		{Name: "a status from a watch", Err: apierrors.FromObject(&metav1.Status{Status: metav1.StatusFailure, Code: 410, Reason: metav1.StatusReasonExpired}), Want: answer},

		{Name: "a status without a code", Err: &apierrors.StatusError{}},
		{Name: "deadline", Err: context.DeadlineExceeded, Network: resil.Infrastructure},
		{Name: "no error of Kubernetes", Err: errors.New("text")},
	})
	verdicttest.TypedNil(t, classifyPodsKubernetes, (*apierrors.StatusError)(nil))
}

// serve starts an API server that answers all requests with an error, and returns its
// configuration.
func serve(t *testing.T, err *apierrors.StatusError) (*rest.Config, *httptest.Server) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(int(err.ErrStatus.Code))
		status := err.Status()
		status.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
		json.NewEncoder(w).Encode(status)
	}))
	t.Cleanup(server.Close)
	return &rest.Config{Host: server.URL, QPS: -1}, server
}

// newPods returns guarded pods of client-go.
func newPods(t *testing.T, config *rest.Config) *ResilientPods {
	t.Helper()
	core, err := typed.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	guarded, err := NewResilientPods(core.Pods("default"), verdicttest.Quick("Pods"))
	if err != nil {
		t.Fatal(err)
	}
	return guarded
}

func TestDeadServerOpensTheBreaker(t *testing.T) {
	config, server := serve(t, nil)
	server.Close()
	guarded := newPods(t, config)
	verdicttest.Dead(t, guarded.Resilience(), "Get", func() error {
		_, err := guarded.Get(t.Context(), "p", metav1.GetOptions{})
		return err
	})
}

func TestFailingServerOpensTheBreaker(t *testing.T) {
	config, _ := serve(t, apierrors.NewServiceUnavailable("text"))
	guarded := newPods(t, config)
	verdicttest.Dead(t, guarded.Resilience(), "List", func() error {
		_, err := guarded.List(t.Context(), metav1.ListOptions{})
		return err
	})
}

func TestConflictsAreNotRepeated(t *testing.T) {
	config, _ := serve(t, apierrors.NewConflict(pods, "p", errors.New("version")))
	guarded := newPods(t, config)
	verdicttest.Answers(t, guarded.Resilience(), "Update", func() error {
		_, err := guarded.Update(t.Context(), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p"}}, metav1.UpdateOptions{})
		if !apierrors.IsConflict(err) {
			t.Errorf("the error is %v, want a conflict", err)
		}
		return err
	})
}

// scripted is a client of controller-runtime all of whose calls fail.
type scripted struct {
	client.Client
	err error
}

func (s scripted) Get(context.Context, client.ObjectKey, client.Object, ...client.GetOption) error {
	return s.err
}

func TestControllersClient(t *testing.T) {
	guard := func(err error) (*resil.Client, func() error) {
		guarded, problem := NewResilientObjects(scripted{err: err}, verdicttest.Quick("Objects"))
		if problem != nil {
			t.Fatal(problem)
		}
		return guarded.Resilience(), func() error {
			return guarded.Get(t.Context(), client.ObjectKey{Name: "p"}, &corev1.Pod{})
		}
	}
	c, get := guard(apierrors.NewNotFound(pods, "p"))
	verdicttest.Answers(t, c, "Get", get)
	c, get = guard(apierrors.NewTimeoutError("text", 0))
	verdicttest.Dead(t, c, "Get", get)
}
