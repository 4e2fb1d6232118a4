package topicindex_test

import (
	"testing"

	"github.com/tidings-hub/tidings/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }
