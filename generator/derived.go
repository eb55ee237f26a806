package generator

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/resilgen/resilgen/annotations"
)

// A derived is an interface that a comment group makes from the methods of
// another type.
type derived struct {
	*annotations.Interface
	src      *source
	from     types.Type // *s3.Client, or an interface
	methods  []signature
	omitted  []string // methods that cannot be written down here
	code     []byte   // the interface's declaration, as a file of the package
	problems []annotations.Diagnostic
}

type signature struct {
	name string
	*types.Signature
}

func (d *derived) report(code string, pos token.Pos, format string, args ...any) {
	d.problems = append(d.problems, annotations.Diagnostic{Pos: d.src.pkg.Fset.Position(pos), Code: code, Message: fmt.Sprintf(format, args...)})
}

// made is the interface that a comment group makes, if it is sound.
func (m *model) made(i *annotations.Interface) *derived {
	for _, d := range m.derived {
		if d.Declaration == i.Declaration && len(d.problems) == 0 {
			return d
		}
	}
	return nil
}

// declare makes the interfaces that comment groups ask for, and has the package
// type-checked again with them and with the names of all wrappers, so that its
// sources may mention what is yet to be generated.
//
// The types that interfaces are made from may mention them in turn, or have
// methods of other such interfaces. So it starts with interfaces of no methods,
// and ends when nothing changes any more.
func (m *model) declare() {
	if len(m.sources) == 0 {
		return
	}
	m.written = m.pkg.Types.Scope()
	for _, src := range m.sources {
		for _, i := range src.interfaces {
			if i.Declaration != nil {
				d := &derived{Interface: i, src: src}
				m.derived = append(m.derived, d)
				m.checkDerived(d)
			}
		}
	}
	if len(m.derived) == 0 && !m.wanting() {
		return
	}
	named := slices.DeleteFunc(slices.Clone(m.derived), func(d *derived) bool { return len(d.problems) > 0 })
	for _, d := range named {
		d.code = m.render(d)
	}
	var changed []*derived
	for range len(named) + 2 {
		m.recheck(named)
		changed = nil
		for _, d := range named {
			d.problems = nil
			m.resolve(d)
			d.src.noteMissed(m)
			if code := m.render(d); !bytes.Equal(code, d.code) {
				d.code = code
				changed = append(changed, d)
			}
		}
		if changed == nil {
			break
		}
	}
	for _, d := range changed {
		d.problems = nil // which hold for the last round only
		d.wrong("which methods %s has depends on which %s has; let it be no part of itself", d.Declaration.From, d.Declaration.Name)
	}
	for _, d := range m.derived {
		d.src.diagnostics = append(d.src.diagnostics, d.problems...)
	}
}

// checkDerived refuses a name that something else has.
func (m *model) checkDerived(d *derived) {
	name := d.Declaration.Name
	pos := m.taken(name)
	for _, other := range m.derived {
		if other != d && other.Declaration.Name == name {
			pos = other.Declaration.NamePos()
		}
	}
	switch {
	case pos.IsValid():
		d.report(codeNameTaken, d.Declaration.NamePos(), "%s would be declared twice, here and at %s; give the interface another name",
			name, filepath.Base(m.pkg.Fset.Position(pos).String()))
	case m.reserved(name):
		d.report(codeNameTaken, d.Declaration.NamePos(), "%s has a meaning in Go already; give the interface another name", name)
	}
}

// render writes an interface down as a file of the package.
func (m *model) render(d *derived) []byte {
	n := newNames(&source{pkg: m.pkg, syntax: d.src.syntax})
	body := n.interfaceOf(d)
	file := jen.NewFile(m.pkg.Types.Name())
	file.Add(n.importDecl().Line().Add(body))
	var code bytes.Buffer
	if err := file.Render(&code); err != nil {
		panic("generator: " + err.Error())
	}
	return code.Bytes()
}

// parse parses the interface's declaration. All of it stands where the comment
// group does.
func (d *derived) parse() *ast.File {
	file, err := parser.ParseFile(d.src.pkg.Fset, d.src.path, d.code, parser.SkipObjectResolution)
	if err != nil {
		panic("generator: " + err.Error())
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.TypeSpec:
			d.Spec = n
		case *ast.Ident:
			n.NamePos = d.Declaration.Pos()
		}
		return true
	})
	return file
}
