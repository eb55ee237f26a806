package emit

import (
	"fmt"

	"github.com/dave/jennifer/jen"

	"github.com/resilgen/resilgen/generator/internal/gosrc"
	"github.com/resilgen/resilgen/generator/internal/model"
	"github.com/resilgen/resilgen/internal/directive"
)

// returned is what the closure of an attempt does, whose results go to the runtime: it
// calls the callee, and holds the parts of the results that outlive the call.
func (b *body) returned() []jen.Code {
	if !b.m.Outlives() {
		return []jen.Code{jen.Return(b.call)}
	}
	result, err := b.outcome[0], jen.Id(b.v.err)
	code := []jen.Code{jen.List(result, err).Op(":=").Add(b.call)}
	if h := b.m.Held[0]; len(b.m.Held) == 1 && len(h.Path) == 0 && !h.Opens() {
		return append(code, jen.Return(b.hold(&h, result), err))
	}
	return append(append(code, b.holds(err)...), jen.Return(result, err))
}

// holds replaces the parts of the outcome that outlive the call by what holds them. err
// is the attempt's.
func (b *body) holds(err jen.Code) (code []jen.Code) {
	for i := range b.m.Held {
		h := &b.m.Held[i]
		result := b.outcome[h.Result]
		part := reach(result, h.Path)
		hold := jen.Add(part).Op("=").Add(b.hold(h, part))
		switch {
		case h.Opens():
			hold = jen.If(jen.Add(err).Op("==").Nil()).Block(jen.List(part, err).Op("=").Add(b.hold(h, part)))
		case len(h.Checks) > 0:
			hold = jen.If(reachable(result, h.Path, h.Checks)).Block(hold)
		}
		code = append(code, hold)
	}
	return code
}

// hold is the expression that holds a part of the results.
func (b *body) hold(h *model.Held, part jen.Code) *jen.Statement {
	ctx := jen.Id(b.v.ctx)
	if b.m.Context >= 0 {
		ctx = jen.Id(b.v.params[b.m.Context])
	}
	if h.Keeper != nil {
		hold := jen.Id(b.Use(h.Keeper.Function))
		if h.Keeper.Named {
			hold.Add(b.TypeParamNames(h.Keeper.TypeParams))
		}
		return hold.Call(ctx, part)
	}
	return b.runtime(holdFunctions[h.Way]).Call(ctx, part)
}

// holdFunctions are the runtime's, by what they hold.
var holdFunctions = map[model.Way]string{
	model.HeldBody:    "HoldReadCloser",
	model.HeldPointer: "HoldPointer",
	model.HeldSeq:     "HoldSeq",
	model.HeldSeq2:    "HoldSeq2",
}

// reach is a part of a value, by the names of fields.
func reach(value jen.Code, path []string) *jen.Statement {
	part := jen.Add(value)
	for _, name := range path {
		part.Dot(name)
	}
	return part
}

// reachable is the condition that no pointer on the way to a part is nil. Checks has how
// many fields lead to each of them.
func reachable(value jen.Code, path []string, checks []int) *jen.Statement {
	var code *jen.Statement
	for _, n := range checks {
		check := reach(value, path[:n]).Op("!=").Nil()
		if code == nil {
			code = check
		} else {
			code.Op("&&").Add(check)
		}
	}
	return code
}

// keeperType declares a type that holds an interface, and the function that makes one.
func (p *printer) keeperType(h *model.Keeper) *jen.Statement {
	params, names := p.TypeParams(h.TypeParams), p.TypeParamNames(h.TypeParams)
	hold := jen.Id("hold").Op("*").Add(p.runtime("Hold"))
	doc := fmt.Sprintf("%s is %s that keeps the context of its attempt alive until it has ended.", h.Name, directive.Article(h.Field()))
	if h.Message != nil {
		hold = jen.Id("stream").Op("*").Add(p.runtime("HeldStream")).Types(p.Type(h.Message))
	}
	code := comment(doc).Type().Id(h.Name).Add(params).Struct(p.Type(h.Type), hold)
	code.Line().Line().Add(p.keeperFunc(h))
	self := jen.Id("h").Op("*").Id(h.Name).Add(names)
	for _, o := range h.Overrides {
		code.Line().Line().Add(jen.Func().Params(self).Id(o.Name).Add(p.override(h, o)))
	}
	return code
}

// keeperFunc declares the function that makes a keeper.
func (p *printer) keeperFunc(h *model.Keeper) *jen.Statement {
	taken := p.Record(func() { p.Type(h.Type); p.Import("context", "context"); p.runtime("Hold") })
	ctx := gosrc.Unused(taken, "ctx", "attempt")
	next := gosrc.Unused(taken, "next", "held")
	made := jen.Op("&").Id(h.Name).Add(p.TypeParamNames(h.TypeParams))
	code := jen.Func().Id(h.Function).Add(p.TypeParams(h.TypeParams)).
		Params(jen.Id(ctx).Id(p.Import("context", "context")).Dot("Context"), jen.Id(next).Add(p.Type(h.Type)))
	none := jen.If(jen.Id(next).Op("==").Nil())
	if h.Message == nil {
		hold := "NewHold"
		if h.UntilEnded {
			hold = "NewHoldUntilEnded"
		}
		return code.Add(p.Type(h.Type)).Block(
			none.Block(jen.Return(jen.Nil())),
			jen.Return(made.Values(jen.Id(next), p.runtime(hold).Call(jen.Id(ctx)))))
	}
	stream, err := gosrc.Unused(taken, "stream", "messages"), gosrc.Unused(taken, "err")
	return code.Params(p.Type(h.Type), jen.Error()).Block(
		none.Block(jen.Return(jen.Nil(), jen.Nil())),
		jen.List(jen.Id(stream), jen.Id(err)).Op(":=").Add(p.runtime("ReceiveFirst")).Call(jen.Id(ctx), jen.Id(next).Dot("Recv")),
		jen.If(jen.Id(err).Op("!=").Nil()).Block(jen.Return(jen.Nil(), jen.Id(err))),
		jen.Return(made.Values(jen.Id(next), jen.Id(stream)), jen.Nil()))
}

// override is the signature and body of a method of a keeper, which has the receiver h.
func (p *printer) override(h *model.Keeper, o model.Override) *jen.Statement {
	own := jen.Id("h").Dot(h.Field()).Dot(o.Name)
	hold := func(method string, args ...jen.Code) *jen.Statement {
		return jen.Id("h").Dot("hold").Dot(method).Call(args...)
	}
	streams := h.Message != nil
	taken := p.Record(func() { p.NamedSignature(o.Signature) })
	taken["h"] = true
	message, err := gosrc.Unused(taken, "message"), gosrc.Unused(taken, "err")
	if streams {
		hold = func(method string, args ...jen.Code) *jen.Statement {
			return jen.Id("h").Dot("stream").Dot(method).Call(args...)
		}
	}
	results := o.Signature.Results()
	bare := func(params ...jen.Code) *jen.Statement {
		code := jen.Params(params...)
		var list []jen.Code
		for v := range results.Variables() {
			list = append(list, p.Type(v.Type()))
		}
		switch len(list) {
		case 0:
			return code
		case 1:
			return code.Add(list[0])
		}
		return code.Params(list...)
	}
	line := func(code jen.Code) *jen.Statement { return jen.Custom(jen.Options{Open: "{ ", Close: " }"}, code) }
	switch o.Does {
	case model.Closes:
		return bare().Add(line(jen.Return(hold("Close", own))))
	case model.Stops:
		return bare().Add(line(hold("Stop", own)))
	case model.Reads:
		return bare(jen.Id("p").Index().Id(p.Use("byte"))).Block(
			jen.List(jen.Id("n"), jen.Id(err)).Op(":=").Add(own).Call(jen.Id("p")),
			jen.Return(jen.Id("n"), hold("End", jen.Id(err))))
	case model.Receives:
		if streams {
			return bare().Add(line(jen.Return(hold("Recv"))))
		}
		return bare().Block(
			jen.List(jen.Id(message), jen.Id(err)).Op(":=").Add(own).Call(),
			jen.Return(jen.Id(message), hold("End", jen.Id(err))))
	case model.Finishes:
		return bare().Block(
			jen.List(jen.Id(message), jen.Id(err)).Op(":=").Add(own).Call(),
			hold("Done", jen.Id(err)),
			jen.Return(jen.Id(message), jen.Id(err)))
	case model.Stores:
		if streams {
			return bare(jen.Id(message).Id(p.Use("any"))).Add(line(jen.Return(hold("RecvMsg", jen.Id(message), own))))
		}
		return bare(jen.Id(message).Id(p.Use("any"))).Add(line(jen.Return(hold("End", jen.Add(own).Call(jen.Id(message))))))
	}
	return bare().Add(line(jen.Return(hold("Next", jen.Add(own).Call(), jen.Id("h").Dot(h.Field()).Dot("Err")))))
}

// outlivingNote is the part of the wrapper's doc comment that says which results outlive
// the call; empty if none does.
func outlivingNote(w *model.Wrapper) string {
	var names []string
	timeouts := false
	for _, m := range w.Methods {
		if m.HasGuard() && m.Outlives() {
			names = append(names, m.Name)
			timeouts = timeouts || m.Policy.Timeout != nil
		}
	}
	switch {
	case names == nil:
		return ""
	case timeouts:
		return fmt.Sprintf("Results of %s outlive the call: a timeout ends when the result is there.", directive.Few(names))
	}
	return fmt.Sprintf("Results of %s outlive the call, and may fail after it.", directive.Few(names))
}

// heldNames are names that the body of a method refers to in order to hold results.
func (e *emitter) heldNames(m *model.Method) {
	for _, h := range m.Held {
		if h.Keeper != nil {
			e.Use(h.Keeper.Function)
		}
	}
}
