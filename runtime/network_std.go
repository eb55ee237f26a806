package resil

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"reflect"
	"syscall"
)

// The types of errors that packages errors and fmt make, which say nothing by
// themselves. Those of severalVerbs, for more than one %w, describe one failure, such
// as its kind and its cause; joined ones list several.
var (
	errorString  = reflect.TypeOf(errors.New(""))
	oneVerb      = reflect.TypeOf(fmt.Errorf("%w", io.EOF))
	severalVerbs = reflect.TypeOf(fmt.Errorf("%w%w", io.EOF, io.ErrUnexpectedEOF))
	joinedErrors = reflect.TypeOf(errors.Join(io.EOF))
)

// identified finds what an error of the standard library means, by its value or type.
// known is false for errors that need a look at their methods.
func identified(err error) (f finding, known bool) {
	switch err {
	case context.DeadlineExceeded, io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed,
		// Drivers must not return it for what they may have sent. Lib/pq and the stdlib
		// package of pgx do, so that it proves nothing.
		driver.ErrBadConn:
		f.found(weightSpecific, Infrastructure)
		return f, true
	case context.Canceled:
		f.found(weightCanceled, Unknown)
		return f, true
	case sql.ErrNoRows:
		f.found(weightSpecific, Application)
		return f, true
	case io.EOF:
		f.found(weightGeneral, Infrastructure)
		return f, true
	}
	switch reflect.TypeOf(err) {
	case errorString, oneVerb, severalVerbs, joinedErrors:
		return f, true
	}
	switch e := err.(type) {
	case *mark:
	case *Error:
		if own := e.stated(); own.Class != Undecided {
			f.add(finding{own, weightSpecific})
		}
	case *url.Error, *fs.PathError, *os.LinkError, *os.SyscallError:
		// Their methods describe what they wrap.
	case *tls.CertificateVerificationError, tls.RecordHeaderError, tls.AlertError,
		x509.UnknownAuthorityError, x509.HostnameError, x509.CertificateInvalidError, x509.SystemRootsError,
		*net.AddrError, net.InvalidAddrError, net.UnknownNetworkError, *net.ParseError:
		f.found(weightSpecific, SystemFault)
	case *net.OpError:
		f = operation(e)
	case *net.DNSError:
		f.unsent(weightSpecific, Infrastructure)
	case syscall.Errno:
		f = errno(e)
	default:
		return f, false
	}
	return f, true
}

// operation finds what a failed operation on a connection says.
func operation(e *net.OpError) (f finding) {
	switch e.Err.(type) {
	case *net.AddrError, net.InvalidAddrError, net.UnknownNetworkError, *net.ParseError:
		f.found(weightSpecific, SystemFault) // an address that cannot be one
		return f
	}
	switch e.Op {
	case "remote error", "local error":
		// crypto/tls reports the alerts of a failed handshake under these two.
		f.found(weightSpecific, SystemFault)
	case "dial", "proxyconnect", "socks connect":
		f.unsent(weightSpecific, Infrastructure)
	default:
		f.found(weightSpecific, Infrastructure)
	}
	return f
}

// errno knows the errors of a connection; those of files and processes say nothing
// about a backend.
func errno(e syscall.Errno) (f finding) {
	switch e {
	case syscall.ECONNREFUSED:
		f.unsent(weightSpecific, Infrastructure)
	case syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE, syscall.ETIMEDOUT,
		syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.ENETRESET, syscall.ENOTCONN:
		f.found(weightSpecific, Infrastructure)
	}
	return f
}
