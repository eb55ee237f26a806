// Package mongov1 guards a collection of MongoDB by version 1 of the driver.
package mongov1

import (
	"context"

	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"
)

//go:generate resilgen

// Orders is the part of *mongo.Collection that is used.
//
//resil:timeout 10s attempt=3s
//resil:retry 3
//resil:retry on=unsent methods=InsertOne,UpdateOne
//resil:breaker
type Orders interface {
	Find(ctx context.Context, filter any, opts ...*options.FindOptions) (*mongo.Cursor, error)
	FindOne(ctx context.Context, filter any, opts ...*options.FindOneOptions) *mongo.SingleResult
	CountDocuments(ctx context.Context, filter any, opts ...*options.CountOptions) (int64, error)
	InsertOne(ctx context.Context, document any, opts ...*options.InsertOneOptions) (*mongo.InsertOneResult, error)
	UpdateOne(ctx context.Context, filter any, update any, opts ...*options.UpdateOptions) (*mongo.UpdateResult, error)
}
