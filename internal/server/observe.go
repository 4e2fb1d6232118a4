package server

import (
	"context"
	"log/slog"

	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
)

// logUpdates writes down what happens to updates: failures, but not each while they last, refusals at debug level.
func logUpdates(logger *slog.Logger) hub.Observer {
	var failing spell
	return hub.Observer{
		Committed: func(int) {
			if all, since, speak := failing.end(); speak {
				logger.Info("updates are kept again", "failed", all, "since", since)
			}
		},
		Failed: func(updates int, err error) {
			if untold, speak := failing.more(updates); speak {
				logger.Error("updates could not be kept", "updates", updates, "before", untold, "error", err)
			}
		},
		TrimFailed: func(err error) {
			logger.Error("the log could not be trimmed", "error", err)
		},
		Refused: func(reason hub.RefuseReason) {
			logger.Debug("refused", "reason", reason.String())
		},
	}
}

// logSubscribers writes down what happens to subscribers, at debug level. At others the hub is not asked to tell.
func logSubscribers(logger *slog.Logger) fanout.Observer {
	if !logger.Enabled(context.Background(), slog.LevelDebug) {
		return fanout.Observer{}
	}
	return fanout.Observer{
		Attached: func(id fanout.SubscriberID) {
			logger.Debug("subscriber attached", "subscriber", id.String())
		},
		Live: func(id fanout.SubscriberID) {
			logger.Debug("subscriber live", "subscriber", id.String())
		},
		Behind: func(id fanout.SubscriberID, reason fanout.BehindReason) {
			logger.Debug("subscriber behind", "subscriber", id.String(), "reason", reason.String())
		},
		Overtaken: func(id fanout.SubscriberID) {
			logger.Debug("subscriber overtaken", "subscriber", id.String())
		},
		Ended: func(id fanout.SubscriberID, reason fanout.EndReason) {
			logger.Debug("subscriber ended", "subscriber", id.String(), "reason", reason.String())
		},
	}
}
