// Package clashes has names that get in each other's way.
package clashes

import (
	stdcontext "context"
	htmltemplate "html/template"
	"text/template"
	stdtime "time"
)

// These hide what generated code imports.
type (
	context struct{}
	time    struct{}
	resil   struct{}
	next    struct{}
	client  struct{}
	retry   struct{}
	c       struct{}
)

//resil:timeout 1s
//resil:retry 2
//resil:idempotent
type Clashes interface {
	Params(ctx stdcontext.Context, c, next, client, resil string, err error) error
	Imports(resil2 stdcontext.Context, template int, stdtime string) (*template.Template, error)
	Templates(string stdcontext.Context, error *template.Template, nil *htmltemplate.Template) (int, error)
	Results(ctx stdcontext.Context, err int) (r0, r1 string, context error)
	Types(ctx stdcontext.Context, time time, d stdtime.Duration) (stdtime.Duration, context, error)
	Arg1(_ stdcontext.Context, _ int, arg1 int, ctx string) (c, error)
	// These are the wrapper's own words.
	Next(ctx stdcontext.Context) error
	Client(ctx stdcontext.Context) error
	Type(ctx stdcontext.Context) error
	Resilience(ctx stdcontext.Context) error
	GetUser(ctx stdcontext.Context) error
	getUser(ctx stdcontext.Context) error
	URL(ctx stdcontext.Context) error
	HTTPGet(ctx stdcontext.Context) error
	__(ctx stdcontext.Context) error
	_1(ctx stdcontext.Context) error
	next() client
	retry(len, copy int) retry
}

// The package's own methods are as good as those of the interface.
func (*ResilientClashes) params()  {}
func (*ResilientClashes) client2() {}

type clashing = ResilientClashes

func (*clashing) imports() {}

type (
	results  struct{}
	lane     struct{}
	fallback string
)

//resil:hedge 10ms
//resil:idempotent
//resil:fallback
//resil:limit 5/s per=nil methods=Lanes,None
type Hedged interface {
	Lanes(ctx stdcontext.Context, results int, lane lane, nil string) (r results, m fallback, err error)
	One(r stdcontext.Context, nil int) (m results, error error)
	None(ctx stdcontext.Context, fallback, c, nil, err string) (m error)
	Fallback(nil stdcontext.Context) error
}
