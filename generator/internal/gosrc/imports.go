package gosrc

import (
	"go/ast"
	"go/types"
)

// ImportNamed returns the package that a file imports under a name; nil if there is none.
func ImportNamed(info *types.Info, syntax *ast.File, name string) *types.Package {
	for _, spec := range syntax.Imports {
		var obj types.Object
		if spec.Name != nil {
			obj = info.Defs[spec.Name]
		} else {
			obj = info.Implicits[spec]
		}
		if imported, ok := obj.(*types.PkgName); ok && imported.Name() == name {
			return imported.Imported()
		}
	}
	return nil
}
