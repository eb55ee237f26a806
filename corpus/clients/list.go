package main

// A client is a type of a library that programs call.
type client struct {
	name string // as programs say it, unique here
	from string // import path, a dot and the type; with another dot, the type of a field of it

	source string // that declares Client instead, where no module has such a client
}

// guards are the directives of each client, which reach all of its methods.
var guards = []string{"timeout 5s attempt=1s", "retry 3", "breaker", "limit 100/s"}

// clients has at least one client for each recipe: databases, clouds, clusters, RPC and
// HTTP, queues.
var clients = []client{
	{name: "sql.DB", from: "database/sql.DB"},
	{name: "sql.Conn", from: "database/sql.Conn"},
	{name: "sql.Stmt", from: "database/sql.Stmt"},
	{name: "sql.Tx", from: "database/sql.Tx"},
	{name: "pgxpool.Pool", from: "github.com/jackc/pgx/v5/pgxpool.Pool"},
	{name: "pgx.Conn", from: "github.com/jackc/pgx/v5.Conn"},
	{name: "pgx.Tx", from: "github.com/jackc/pgx/v5.Tx"},
	{name: "mongo.Client", from: "go.mongodb.org/mongo-driver/v2/mongo.Client"},
	{name: "mongo.Database", from: "go.mongodb.org/mongo-driver/v2/mongo.Database"},
	{name: "mongo.Collection", from: "go.mongodb.org/mongo-driver/v2/mongo.Collection"},
	{name: "mongo.IndexView", from: "go.mongodb.org/mongo-driver/v2/mongo.IndexView"},
	{name: "mongo.Collection (v1)", from: "go.mongodb.org/mongo-driver/mongo.Collection"},
	{name: "redis.Cmdable", from: "github.com/redis/go-redis/v9.Cmdable"},
	{name: "redis.UniversalClient", from: "github.com/redis/go-redis/v9.UniversalClient"},
	{name: "cassandra.Session", from: "github.com/apache/cassandra-gocql-driver/v2.Session"},
	{name: "cassandra.Query", from: "github.com/apache/cassandra-gocql-driver/v2.Query"},
	{name: "gocql.Session", from: "github.com/gocql/gocql.Session"},
	{name: "gocql.Query", from: "github.com/gocql/gocql.Query"},
	{name: "neo4j.DriverWithContext", from: "github.com/neo4j/neo4j-go-driver/v5/neo4j.DriverWithContext"},
	{name: "neo4j.SessionWithContext", from: "github.com/neo4j/neo4j-go-driver/v5/neo4j.SessionWithContext"},
	{name: "elasticsearch search.Search", from: "github.com/elastic/go-elasticsearch/v9/typedapi/core/search.Search"},
	{name: "elasticsearch index.Index", from: "github.com/elastic/go-elasticsearch/v9/typedapi/core/index.Index"},
	{name: "elasticsearch esutil.BulkIndexer", from: "github.com/elastic/go-elasticsearch/v9/esutil.BulkIndexer"},
	{name: "elasticsearch esapi.Transport", from: "github.com/elastic/go-elasticsearch/v9/esapi.Transport"},
	{name: "opensearchapi.Client", from: "github.com/opensearch-project/opensearch-go/v4/opensearchapi.Client"},

	{name: "s3.Client", from: "github.com/aws/aws-sdk-go-v2/service/s3.Client"},
	{name: "dynamodb.Client", from: "github.com/aws/aws-sdk-go-v2/service/dynamodb.Client"},
	{name: "sqs.Client", from: "github.com/aws/aws-sdk-go-v2/service/sqs.Client"},
	{name: "kinesis.Client", from: "github.com/aws/aws-sdk-go-v2/service/kinesis.Client"},
	{name: "lambda.Client", from: "github.com/aws/aws-sdk-go-v2/service/lambda.Client"},
	{name: "sts.Client", from: "github.com/aws/aws-sdk-go-v2/service/sts.Client"},
	{name: "ec2.Client", from: "github.com/aws/aws-sdk-go-v2/service/ec2.Client"},
	{name: "azblob.Client", from: "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob.Client"},
	{name: "azblob blob.Client", from: "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob.Client"},
	{name: "azblob blockblob.Client", from: "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob.Client"},
	{name: "azblob container.Client", from: "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container.Client"},
	{name: "secretmanager.Client", from: "cloud.google.com/go/secretmanager/apiv1.Client"},
	{name: "minio.Client", from: "github.com/minio/minio-go/v7.Client"},

	{name: "kubernetes PodInterface", from: "k8s.io/client-go/kubernetes/typed/core/v1.PodInterface"},
	{name: "kubernetes DeploymentInterface", from: "k8s.io/client-go/kubernetes/typed/apps/v1.DeploymentInterface"},
	{name: "controller-runtime client.Client", from: "sigs.k8s.io/controller-runtime/pkg/client.Client"},
	{name: "etcd KV", from: "go.etcd.io/etcd/client/v3.KV"},
	{name: "etcd Lease", from: "go.etcd.io/etcd/client/v3.Lease"},
	{name: "etcd Watcher", from: "go.etcd.io/etcd/client/v3.Watcher"},
	{name: "etcd Client", from: "go.etcd.io/etcd/client/v3.Client"},
	{name: "consul KV", from: "github.com/hashicorp/consul/api.KV"},
	{name: "consul Agent", from: "github.com/hashicorp/consul/api.Agent"},
	{name: "consul Catalog", from: "github.com/hashicorp/consul/api.Catalog"},
	{name: "consul Session", from: "github.com/hashicorp/consul/api.Session"},
	{name: "vault Logical", from: "github.com/hashicorp/vault/api.Logical"},
	{name: "vault KVv2", from: "github.com/hashicorp/vault/api.KVv2"},
	{name: "vault TokenAuth", from: "github.com/hashicorp/vault/api.TokenAuth"},
	{name: "vault Sys", from: "github.com/hashicorp/vault/api.Sys"},
	{name: "temporal client.Client", from: "go.temporal.io/sdk/client.Client"},
	{name: "temporal WorkflowServiceClient", from: "go.temporal.io/api/workflowservice/v1.WorkflowServiceClient"},

	{name: "http.Client", from: "net/http.Client"},
	{name: "http.RoundTripper", from: "net/http.RoundTripper"},
	{name: "grpc HealthClient", from: "google.golang.org/grpc/health/grpc_health_v1.HealthClient"},
	{name: "grpc TestServiceClient", from: "google.golang.org/grpc/interop/grpc_testing.TestServiceClient"},
	{name: "connect client", source: connectClient},
	{name: "twirp Haberdasher", from: "github.com/twitchtv/twirp/example.Haberdasher"},
	{name: "github.IssuesService", from: "github.com/google/go-github/v84/github.IssuesService"},
	{name: "github.PullRequestsService", from: "github.com/google/go-github/v84/github.PullRequestsService"},
	{name: "github.RepositoriesService", from: "github.com/google/go-github/v84/github.RepositoriesService"},
	{name: "github.ActionsService", from: "github.com/google/go-github/v84/github.ActionsService"},
	{name: "stripe V1PaymentIntents", from: "github.com/stripe/stripe-go/v82.Client.V1PaymentIntents"},
	{name: "stripe V1Charges", from: "github.com/stripe/stripe-go/v82.Client.V1Charges"},
	{name: "stripe V1Refunds", from: "github.com/stripe/stripe-go/v82.Client.V1Refunds"},
	{name: "stripe V1Customers", from: "github.com/stripe/stripe-go/v82.Client.V1Customers"},
	{name: "stripe V1Subscriptions", from: "github.com/stripe/stripe-go/v82.Client.V1Subscriptions"},
	{name: "stripe V1Invoices", from: "github.com/stripe/stripe-go/v82.Client.V1Invoices"},
	{name: "slack.Client", from: "github.com/slack-go/slack.Client"},

	{name: "kgo.Client", from: "github.com/twmb/franz-go/pkg/kgo.Client"},
	{name: "kadm.Client", from: "github.com/twmb/franz-go/pkg/kadm.Client"},
	{name: "sarama.SyncProducer", from: "github.com/IBM/sarama.SyncProducer"},
	{name: "sarama.ClusterAdmin", from: "github.com/IBM/sarama.ClusterAdmin"},
	{name: "kafka-go Writer", from: "github.com/segmentio/kafka-go.Writer"},
	{name: "kafka-go Reader", from: "github.com/segmentio/kafka-go.Reader"},
	{name: "kafka-go Client", from: "github.com/segmentio/kafka-go.Client"},
	{name: "nats.Conn", from: "github.com/nats-io/nats.go.Conn"},
	{name: "nats.JetStreamContext", from: "github.com/nats-io/nats.go.JetStreamContext"},
	{name: "jetstream.JetStream", from: "github.com/nats-io/nats.go/jetstream.JetStream"},
	{name: "jetstream.KeyValue", from: "github.com/nats-io/nats.go/jetstream.KeyValue"},
	{name: "amqp.Channel", from: "github.com/rabbitmq/amqp091-go.Channel"},
}

// connectClient is a client with calls of each kind, as protoc-gen-connect-go makes it.
const connectClient = `
import (
	"context"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

type Client interface {
	GetName(context.Context, *connect.Request[wrapperspb.Int64Value]) (*connect.Response[wrapperspb.StringValue], error)
	Say(context.Context, *connect.Request[wrapperspb.StringValue]) (*connect.Response[wrapperspb.StringValue], error)
	ListNames(context.Context, *connect.Request[wrapperspb.StringValue]) (*connect.ServerStreamForClient[wrapperspb.StringValue], error)
	Introduce(context.Context, *connect.Request[wrapperspb.StringValue]) (*connect.ServerStreamForClient[wrapperspb.StringValue], error)
	Collect(context.Context) *connect.ClientStreamForClient[wrapperspb.StringValue, wrapperspb.Int64Value]
	Converse(context.Context) *connect.BidiStreamForClient[wrapperspb.StringValue, wrapperspb.StringValue]
}
`
