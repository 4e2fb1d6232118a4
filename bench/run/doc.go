// Command run measures the hub beside other servers under the same load, and says which targets it meets.
//
//	go run ./bench/run                              all scenarios, once
//	go run ./bench/run -scenario idle,burst-300     these
//	go run ./bench/run -count 5                     five times each, medians
//	go run ./bench/run -quick                       200 subscribers and a few seconds: does everything work?
//	go run ./bench/run -plot                        CPU and memory against the number of subscribers, as an SVG
//
// A scenario is a file in bench/scenarios. It names the servers, what they are told, the load that tidings bench puts
// on each of them in turn, and its targets: comparisons of figures of the same run, such as
//
//	epoll.cpu_us_per_delivery / base.cpu_us_per_delivery <= 0.65
//
// The servers get two CPUs and the load two others; on a machine with fewer than four nothing is pinned, and the
// results say so. Results are written to bench/results as Markdown, for people, and as JSON.
//
// A target that is missed is a FAIL line, and only with -strict the exit code 1. Events that are lost, doubled or out of
// order always are.
package main
