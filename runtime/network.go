package resil

import (
	"net/url"
	"reflect"
	"strings"
)

// Network is the classifier that comes after all others. It knows errors by value,
// type, method and position, never by text, and leaves the rest undecided:
//
//   - connections, timeouts and answers that were cut are Infrastructure, and
//     certificates and addresses that cannot be right are SystemFault;
//   - what the methods of other packages' errors say: SQLState, SQLErrorNumber,
//     GRPCStatus, ErrorCode with ErrorMessage, HasErrorLabel, HTTPStatusCode,
//     StatusCode, SafeToRetry, ConnectionError, CanceledError, Timeout, Temporary and
//     IsRetriable, by the tables [SQLState], [SQLServerError], [GRPCCode], [AWSCode]
//     and [HTTPStatus]; of statuses only 408, 429, 502, 503 and 504, because errors of
//     servers have methods StatusCode too, unless the error has HTTPResponse as well;
//   - failures to dial and to find a host, refused HTTP/2 streams and refusals of a
//     client nested in the callee are also unsent;
//   - sql.ErrNoRows is Application;
//   - context.Canceled is Unknown: somebody gave up, which says nothing about the
//     callee.
//
// io.EOF is Infrastructure too: what ends before it began was cut off. Where a method
// returns it to say that there is no more, declare it an answer:
// //resil:classify app=io.EOF.
//
// The outermost error that is known decides, but an error that says little, such as
// one with a method Temporary, gives way to an error that it wraps and that says more.
// Of errors that were joined, the worst decides, as in [ClassOf]. Network may be called
// concurrently.
func Network(err error) Verdict { return search{}.find(err).Verdict }

// All is [Network] for backends all of whose errors are failures: an error that
// Network does not know is Infrastructure.
func All(err error) Verdict {
	v := Network(err)
	if v.Class == Undecided {
		v.Class = Infrastructure
	}
	return v
}

// A finding is what is known of an error and of what it wraps.
type finding struct {
	Verdict
	weight weight
}

// A weight says how much an error tells by itself. In a chain the heaviest finding
// decides, and of two equals the outer one.
type weight uint8

const (
	weightNone     weight = iota
	weightPosition        // by its position, although its type says nothing
	weightGeneral         // by a method that many types have, or a value with several uses
	weightStatus          // by an HTTP status
	weightSpecific        // by a value, type or code with one meaning
	weightCanceled        // a cancellation, which explains whatever failed around it
)

// add completes f by what was found beneath it.
func (f *finding) add(o finding) {
	if o.weight > f.weight {
		f.Class, f.weight = o.Class, o.weight
	}
	f.Verdict.add(o.Verdict)
}

// found adds something to what is known of an error.
func (f *finding) found(w weight, c Class) { f.add(finding{Verdict{Class: c}, w}) }

// unsent adds that an error proves that nothing was sent.
func (f *finding) unsent(w weight, c Class) { f.add(finding{Verdict{Class: c, Unsent: true}, w}) }

// A search looks for what Network knows in an error's tree.
type search struct {
	request    bool // the error came out of an http.Client that had a request to send
	unsentOnly bool // only whether something was sent is asked
}

func (s search) find(err error) (f finding) {
	for err != nil {
		f.add(s.examine(err))
		switch e := err.(type) {
		case *Error:
			if e != nil {
				inner := s.find(e.Err)
				inner.Verdict = e.wrapped(inner.Verdict)
				f.add(inner)
			}
			return f
		case *url.Error:
			s.request = e != nil && sendable(e)
		}
		several, one := unwrap(err)
		switch {
		case several != nil:
			f.add(s.join(several, reflect.TypeOf(err) == severalVerbs))
			return f
		case one == nil && s.request && !isNil(err) && untold(err):
			f.found(weightPosition, Infrastructure)
		}
		err = one
	}
	return f
}

// join finds what several errors mean together. The worst decides the class. Nothing
// was sent if each of them says so; where they describe one failure, those that
// nobody knows may be silent.
func (s search) join(branches []error, oneFailure bool) (f finding) {
	unsent := len(branches) > 0
	some := false
	for _, err := range branches {
		b := s.find(err)
		some = some || b.Unsent
		unsent = unsent && (b.Unsent || oneFailure && b.Class == Undecided)
		if worse(f.Class, b.Class) != f.Class {
			f.Class, f.weight = b.Class, b.weight
		}
	}
	f.Unsent = unsent && some
	return f
}

// examine finds what one error says, without looking at what it wraps. A method of a
// foreign type that panics says nothing.
func (s search) examine(err error) (f finding) {
	if isNil(err) {
		return finding{}
	}
	defer func() {
		if recover() != nil {
			f = finding{}
		}
	}()
	f, known := identified(err)
	if known {
		return f
	}
	f = asked(err)
	if f.weight < weightSpecific {
		f.add(http2Error(err))
	}
	if f.weight < weightSpecific && !s.unsentOnly {
		if code, ok := grpcCode(err); ok {
			f.code(GRPCCode(code))
		}
	}
	return f
}

// sendable reports whether e came out of an http.Client whose request had a scheme
// and a host: what is wrong then, and is of no known type, went wrong on the way.
func sendable(e *url.Error) bool {
	rest, ok := strings.CutPrefix(e.URL, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(e.URL, "http://")
	}
	return ok && e.Op != "parse" && rest != "" && !strings.ContainsAny(rest[:1], "/?#")
}

// untold reports whether err, which wraps nothing, is of a type by which net/http and
// its HTTP/2 say that an answer made no sense, or that its connection is gone. There
// is no other way to know them. Requests that http.Client refuses for their headers
// and redirects without end look the same.
func untold(err error) bool {
	t := reflect.TypeOf(err)
	if t == errorString {
		return true
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch path := t.PkgPath(); path {
	case "net/http", "net/textproto", "golang.org/x/net/http2":
		return true
	default:
		return strings.HasPrefix(path, "net/http/internal")
	}
}
