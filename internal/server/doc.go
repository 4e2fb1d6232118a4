// Package server puts an [App] on the network: it listens, speaks HTTP/1.1 and HTTP/2, in clear or over TLS, and ends
// in order when it is told to.
//
//	s, err := server.Listen(ctx, server.Options{Addr: "127.0.0.1:8080"})
//	fmt.Println(s.URL())
//	err = s.Serve(ctx, app) // until ctx ends
//
// A server takes as many connections as the process's descriptors allow, or fewer if it is told so. Those above are
// refused with 503; see [Server.Ceiling].
//
// [Dev] is the App of tidings serve --dev: the hub, a look into it, and a page that says how to use it.
//
// Errors are for the person at the command line, who reads them behind the program's name: they bear no package's
// name before them.
package server
