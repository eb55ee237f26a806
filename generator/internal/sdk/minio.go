package sdk

// MinIO has codes of its own beside those of AWS. Where the status of an answer is 200, an
// error inside it has only its code.
var minioLibrary = &Library{
	Name:  "minio",
	Ident: "MinIO",
	Title: "MinIO (minio-go)",
	Tried: []string{"github.com/minio/minio-go/v7@v7.4.1"},
	Shown: []string{"github.com/minio/minio-go"},
	Glue: `
import (
	"errors"

	minio "github.com/minio/minio-go/v7"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of MinIO and S3 by their code, then by their status.
func classify(err error) resil.Verdict {
	e, ok := errors.AsType[minio.ErrorResponse](err)
	if !ok {
		return resil.Verdict{}
	}
	switch e.Code {
	case "SlowDownRead", "SlowDownWrite", "ExpiredToken", "ExpiredTokenException": // the client gets another token
		return resil.Verdict{Class: resil.Throttled}
	case "InternalError":
		return resil.Verdict{Class: resil.Infrastructure}
	}
	v := resil.AWSCode(e.Code)
	switch {
	case e.StatusCode == 499: // a proxy's word for a client that is gone
		return v.Or(resil.Verdict{Class: resil.Infrastructure})
	case e.StatusCode >= 400:
		return v.Or(resil.HTTPStatus(e.StatusCode))
	}
	return v
}
`,
	Safe:    []string{"BucketExists", "CopyObject", "ComposeObject", "CreateSession", "FGetObject", "FPutObject", "Presigned*", "GenerateInventoryConfigYAML"},
	Unsafe:  []string{"ResetBucketReplication*"}, // starts to replicate again
	Retries: Retries{Attempts: 10, Switch: "minio.Options{MaxRetries: 1}"},
	Notes: []string{
		"GetObject sends nothing: its errors come from the object's Read and Stat, which are not guarded.",
		"ListObjects and RemoveObjects answer by channels, which are not guarded.",
		"The errors do not say when to come back: the client has no hint for a retry.",
	},
}
