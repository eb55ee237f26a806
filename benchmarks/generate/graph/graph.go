// Package graph declares the interface that the workload repeats. Its imports and
// their dependencies are about 400 packages, as many as those of a typical service.
package graph

import (
	"archive/tar"
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"debug/elf"
	"encoding/csv"
	"encoding/xml"
	"go/ast"
	"go/types"
	"html/template"
	"image"
	"image/jpeg"
	"image/png"
	"net/http"
	"net/http/cookiejar"
	"net/mail"
	"net/rpc"
	"net/smtp"
	"time"

	"golang.org/x/tools/go/callgraph"
	"golang.org/x/tools/go/packages"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/structpb"
)

// A Service has methods whose types come from all over the graph.
type Service interface {
	Session(ctx context.Context, header http.Header, jar *cookiejar.Options) (*http.Cookie, error)
	Trust(ctx context.Context, state tls.ConnectionState, roots *x509.CertPool) ([]*x509.Certificate, error)
	Account(ctx context.Context, id sql.NullString, isolation sql.IsolationLevel) (sql.DBStats, error)
	Decode(ctx context.Context, root xml.Name, at time.Time) (map[string][]*csv.ParseError, error)
	TypeOf(ctx context.Context, pkg *types.Package, expr ast.Expr) (types.TypeAndValue, error)
	Callers(ctx context.Context, pkg *packages.Package, of elf.Symbol) (*callgraph.Node, error)
	Health(ctx context.Context, md metadata.MD, opts ...grpc.CallOption) (*grpc_health_v1.HealthCheckResponse, error)
	Render(ctx context.Context, page *template.Template, data *structpb.Struct) (template.HTML, error)
	Shrink(ctx context.Context, img image.Image, to jpeg.Options, level png.CompressionLevel) (image.Rectangle, error)
	Deliver(ctx context.Context, from *smtp.ServerInfo, to []mail.Address, files ...tar.Header) (rpc.ServerError, error)
}
