package model

import (
	"strings"
	"testing"
)

func TestNamesThatMayBeRepeated(t *testing.T) {
	for _, names := range []string{
		// What reads.
		`Get GetUser get_user ListOrders GetPost GetCharge DescribeSpotFleetRequests FindByID Query QueryRow Search HeadBucket
		Stat Count CheckHealth Ping IsAdmin HasOrder CanPublish Lookup LookupHost ReadFile LoadConfig FetchPage Scan ShowTables
		View ValidateOrder Resolve Exists Contains PeekMessage PresignGetObject Retrieve GetSendQuota DescribeCreateAccountStatus
		GetNextPage ListNextResults GetAddress DescribeAddresses GetPayments GetUsersAndRoles GetNameAndStatus
		CountVisits CountViews ValidateCode GetStockOrDefault`,
		// What sets or takes away.
		`Set SetName PutObject UpdateUser UpdatePost Replace ReplaceOne Delete DeleteOrder DeleteMessage Remove Enable DisableRule
		ModifyInstance CancelOrder StopInstances TagResource UntagResource PatchUser Apply Touch Upsert EnsureBucket Purge
		RevokeGrant SetNameAndEmail UpdateAndGet SetAndEnable PutMetricAlarm PutIfAbsent ResetCounter
		RemoveDiscount DeletePayment LeaveGroup ApplyPolicy PutQueue RemoveCreditCard ClearStock UpdateWithOptions DeleteByKey
		CancelReturn DeleteReadReceipts RevokeReadPermission SetOrderBy UpdateSortBy`,
		// What adds once only.
		`CreateOrUpdate CreateOrUpdateUser CreateIfNotExists CreateTableIfNotExists InsertOrReplace AddIfAbsent GetOrCreate
		FindOrCreateUser LoadOrStore UpdateOrCreate`,
		// What does one of these to many.
		`BatchGetItem BulkDelete MultiGet TryGet AdminListUsers`,
	} {
		for name := range strings.FieldsSeq(names) {
			if !repeatable(name) {
				t.Errorf("%s may not be repeated", name)
			}
		}
	}
	for _, names := range []string{
		// What adds, pays, sends or starts.
		`Create CreateUser AddUser Insert Append Post Send SendMail Publish Push Enqueue Charge Pay Transfer Refund
		PurchaseReservedInstancesOffering RunInstances AllocateAddress New Withdraw Debit ExecuteWorkflow SignalWorkflow
		SignalWithStartWorkflow ScheduleMessage Dispatch Produce Invoke Exec ExecContext ExecuteStatement BulkWrite
		BulkInsert BatchCreate TryPush Grant StartExecution Increment Incr`,
		// What appends, whatever the first word says.
		`PutRecord PutRecords PutRecordBatch PutEvents PutLogEvents PutMetricData ApplyCustomerBalance UpdateOne UpdateMany ApplyPayment ApplyCharges
		SetWithPublish StopWithRefund`,
		// What adds or uses up in other words.
		`ResetTokens ResetPasswords ResetMFA ApplyPromoCode ApplyVoucher ApplyGiftCard ApplyInterest ApplyTransaction ApplyLeave
		RemoveStock RemoveQuantity RemoveFunds RemovePoints LeaveComment LeaveReview CountVisit CountView ValidateOTP PutItemInQueue
		PutOnStream HasOrAdd GetOrReserve CancelWithFee UpdateQuantityBy ResizeBy SetNX FollowUp`,
		// What takes away what it returns.
		`DeleteAndGet RemoveAndGet ClearAndReturn DeleteReturning DeleteUserReturningRow RemoveN`,
		// What has its verb further on.
		`AdminConversationsCreate WorkflowsFeaturedAdd MemberAdd UserAdd XAdd LPush HTTPGet`,
		// What does two things.
		`GetAndIncrement GetAndSet ReadAndDelete FindOneAndUpdate CompareAndSwap FetchAndLock UpdateAndPublish CancelAndRefund
		GetThenDelete FetchAdd LoadAddInt64 GetSet GetDel GetReset FetchRemove LoadAndDelete`,
		// What is another one each time, or good once.
		`DeleteOne RemoveFirst GetNextID FetchNextJob GetNewAddress Unwrap RotateTokens ResetPassword Pop ReceiveMessage Consume`,
		// What other words mean.
		`CheckIn CheckOut Checkout SetUp SetUpAccount Setup ApplyForLoan CountDown Listen Watch Subscribe Save Write Upload
		Copy Move Rename Commit`,
		// What has no words.
		`_ __`,
	} {
		for name := range strings.FieldsSeq(names) {
			if repeatable(name) {
				t.Errorf("%s may be repeated", name)
			}
		}
	}
}
