// Package bubbletest runs random tests in virtual time: [pgregory.net/rapid] inside [testing/synctest]. Only tests import it.
package bubbletest
