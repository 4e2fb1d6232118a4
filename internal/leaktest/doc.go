// Package leaktest fails a package's tests if a goroutine outlives them. Only tests import it.
package leaktest
