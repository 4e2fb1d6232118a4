// Package chi shows a hub inside an application that is built on the router chi, whose own middleware says who may do
// what: a session of the application is enough, there are no tokens.
package chi
