/* cloop is the physical limit that the hub is measured beside: a loop around epoll that writes every event to every
 * connection, and knows nothing of topics, ids to resume from, heartbeats, slow readers or a log.
 *
 *   cc -O2 -pthread -o cloop cloop.c
 *   ./cloop PORT THREADS          (port 0 is any free one; the URL is printed when it listens)
 *
 * GET is answered with an event stream, POST publishes the field "data" of a form to all streams; the bytes of both
 * are those of the hub. Each thread has a listening socket of its own (SO_REUSEPORT), its own epoll set and its own
 * subscribers. A published event is encoded once, queued for all threads, and answered. One event is one write to
 * each subscriber, also when more events wait: what a system call per delivery costs is what is measured here.
 * A subscriber whose socket is full is waited for, a second at most, and then dropped; others wait with it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_THREADS = 64, MAX_REQUEST = 4 << 20, READ_SIZE = 16 << 10, MAX_EVENTS = 256 };

static const char stream_head[] =
	"HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nConnection: close\r\nContent-Type: text/event-stream\r\n"
	"X-Accel-Buffering: no\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n:\n\r\n";

/* A frame is one event in its chunk; the last thread that has written it frees it. */
struct frame {
	atomic_int users;
	size_t len;
	char bytes[];
};

struct node {
	struct node *next;
	struct frame *frame;
};

/* A connection: a subscriber once place >= 0, and until then a request that is being read. */
struct conn {
	int fd, place;
	size_t len;
	char *request; /* what has come of it; NULL while nothing has */
};

struct loop {
	int epoll, listener, wake;
	struct conn **subscribers;
	size_t count, room;
	pthread_mutex_t lock; /* of the queue */
	struct node *first, **last;
};

static struct loop loops[MAX_THREADS];
static int threads;
static char not_a_conn[2]; /* addresses that say: the listener, the wake-up */
static pthread_mutex_t publishing = PTHREAD_MUTEX_INITIALIZER;
static unsigned long published;

static void die(const char *what) {
	perror(what);
	exit(1);
}

static void *need(void *memory) {
	if (!memory) die("cloop: memory");
	return memory;
}

static void drop(struct loop *l, struct conn *c) {
	if (c->place >= 0) {
		struct conn *moved = l->subscribers[--l->count];
		l->subscribers[c->place] = moved;
		moved->place = c->place;
	}
	close(c->fd);
	free(c->request);
	free(c);
}

/* send_all writes everything, and waits for at most a second at a time while the socket is full. */
static int send_all(int fd, const char *bytes, size_t len) {
	while (len > 0) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
		if (n >= 0) {
			bytes += n;
			len -= n;
			continue;
		}
		if (errno == EINTR) continue;
		struct pollfd full = {.fd = fd, .events = POLLOUT};
		if (errno != EAGAIN || poll(&full, 1, 1000) <= 0) return -1;
	}
	return 0;
}

/* deliver writes all that is queued, an event at a time, to the subscribers of one thread. */
static void deliver(struct loop *l) {
	unsigned long ignored;
	if (read(l->wake, &ignored, sizeof ignored) < 0 && errno != EAGAIN) die("cloop: eventfd");
	pthread_mutex_lock(&l->lock);
	struct node *n = l->first;
	l->first = NULL;
	l->last = &l->first;
	pthread_mutex_unlock(&l->lock);
	while (n) {
		struct frame *f = n->frame;
		for (size_t i = l->count; i-- > 0;) { /* backwards: drop fills the gap with the last one */
			struct conn *c = l->subscribers[i];
			if (send_all(c->fd, f->bytes, f->len) < 0) {
				/* run may hold an event of it still, and drops it when it sees the end. */
				shutdown(c->fd, SHUT_RDWR);
			}
		}
		if (atomic_fetch_sub(&f->users, 1) == 1) free(f);
		struct node *done = n;
		n = n->next;
		free(done);
	}
}

/* field returns the decoded value of a form's field, which the caller frees, or NULL. */
static char *field(const char *form, const char *end, const char *name) {
	size_t name_len = strlen(name);
	while (form < end) {
		const char *stop = memchr(form, '&', end - form);
		if (!stop) stop = end;
		if ((size_t)(stop - form) > name_len && form[name_len] == '=' && !memcmp(form, name, name_len)) {
			char *value = need(malloc(stop - form)), *out = value;
			for (form += name_len + 1; form < stop; form++) {
				unsigned code;
				if (*form == '%' && stop - form > 2 && sscanf(form + 1, "%2x", &code) == 1) {
					*out++ = (char)code;
					form += 2;
				} else {
					*out++ = *form == '+' ? ' ' : *form;
				}
			}
			*out = 0;
			return value;
		}
		form = stop + 1;
	}
	return NULL;
}

/* publish encodes an event and queues it for every thread, in one order for all. It writes its id. */
static void publish(const char *data, char *id, size_t id_size) {
	size_t lines = 1;
	for (const char *p = data; *p; p++) lines += *p == '\n';
	char *event = need(malloc(64 + strlen(data) + lines * 6)), *out = event;
	pthread_mutex_lock(&publishing);
	snprintf(id, id_size, "#c10op0000.%lu", ++published);
	out += sprintf(out, "id: %s\n", id);
	while (lines-- > 0) {
		int len = strcspn(data, "\n");
		out += sprintf(out, "data: %.*s\n", len, data);
		data += len + 1;
	}
	*out++ = '\n';
	size_t len = out - event;
	struct frame *f = need(malloc(sizeof *f + len + 24));
	f->len = sprintf(f->bytes, "%zx\r\n", len);
	memcpy(f->bytes + f->len, event, len);
	memcpy(f->bytes + f->len + len, "\r\n", 2);
	f->len += len + 2;
	free(event);
	atomic_init(&f->users, threads);
	for (struct loop *l = loops; l < loops + threads; l++) {
		struct node *n = need(malloc(sizeof *n));
		*n = (struct node){.frame = f};
		pthread_mutex_lock(&l->lock);
		*l->last = n;
		l->last = &n->next;
		pthread_mutex_unlock(&l->lock);
		unsigned long one = 1;
		if (write(l->wake, &one, sizeof one) < 0) die("cloop: eventfd");
	}
	pthread_mutex_unlock(&publishing);
}

static int answer(int fd, const char *status, const char *body) {
	char text[256];
	int len = snprintf(text, sizeof text, "HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\n"
		"Content-Length: %zu\r\n\r\n%s", status, strlen(body), body);
	return send_all(fd, text, len);
}

static int subscribe(struct loop *l, struct conn *c) {
	if (send_all(c->fd, stream_head, sizeof stream_head - 1) < 0) return -1;
	if (l->count == l->room) {
		l->room = l->room ? 2 * l->room : 1024;
		l->subscribers = need(realloc(l->subscribers, l->room * sizeof *l->subscribers));
	}
	c->place = l->count;
	l->subscribers[l->count++] = c;
	return 0;
}

/* serve answers the first request in text. It returns its length, 0 if more must come, -1 if the connection ends. */
static ssize_t serve(struct loop *l, struct conn *c, const char *text, size_t len) {
	const char *body = memmem(text, len, "\r\n\r\n", 4);
	if (!body) return 0;
	body += 4;
	if (len >= 4 && !memcmp(text, "GET ", 4)) return subscribe(l, c) < 0 ? -1 : body - text;
	size_t body_len = 0;
	for (const char *line = text; line < body - 2; line = (const char *)memmem(line, body - line, "\r\n", 2) + 2)
		if (!strncasecmp(line, "Content-Length:", 15)) body_len = strtoul(line + 15, NULL, 10);
	if (body_len > MAX_REQUEST) return -1;
	if (body + body_len > text + len) return 0;
	char id[32], *data = len < 5 || memcmp(text, "POST ", 5) ? NULL : field(body, body + body_len, "data");
	if (data) publish(data, id, sizeof id);
	int sent = data ? answer(c->fd, "200 OK", id) : answer(c->fd, "400 Bad Request", "no form with the field data");
	free(data);
	return sent < 0 ? -1 : body + body_len - text;
}

/* readable reads what has come and answers what is whole. It returns -1 when the connection is over. */
static int readable(struct loop *l, struct conn *c) {
	static _Thread_local char buffer[READ_SIZE];
	ssize_t n = recv(c->fd, buffer, sizeof buffer, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
	if (n <= 0) return -1;
	if (c->place >= 0) return 0; /* what a subscriber says is of no interest */
	char *text = buffer;
	size_t len = n;
	if (c->request) {
		if (c->len + n > MAX_REQUEST + READ_SIZE) return -1;
		c->request = need(realloc(c->request, c->len + n));
		memcpy(c->request + c->len, buffer, n);
		c->len += n;
		text = c->request;
		len = c->len;
	}
	size_t taken = 0;
	while (taken < len && c->place < 0) {
		ssize_t one = serve(l, c, text + taken, len - taken);
		if (one < 0) return -1;
		if (one == 0) break;
		taken += one;
	}
	char *rest = NULL;
	if (taken < len && c->place < 0) {
		rest = need(malloc(len - taken));
		memcpy(rest, text + taken, len - taken);
	}
	free(c->request);
	c->request = rest;
	c->len = rest ? len - taken : 0;
	return 0;
}

static void watch(struct loop *l, int fd, void *who) {
	struct epoll_event e = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = who};
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &e) < 0) die("cloop: epoll_ctl");
}

static void accept_all(struct loop *l) {
	for (;;) {
		int one = 1, fd = accept4(l->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0 && errno == EAGAIN) return;
		if (fd < 0 && (errno == ECONNABORTED || errno == EINTR)) continue;
		if (fd < 0) die("cloop: accept");
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		struct conn *c = need(malloc(sizeof *c));
		*c = (struct conn){.fd = fd, .place = -1};
		watch(l, fd, c);
	}
}

static void *run(void *which) {
	struct loop *l = which;
	struct epoll_event events[MAX_EVENTS];
	for (;;) {
		int n = epoll_wait(l->epoll, events, MAX_EVENTS, -1);
		if (n < 0 && errno != EINTR) die("cloop: epoll_wait");
		for (int i = 0; i < n; i++) {
			void *who = events[i].data.ptr;
			if (who == &not_a_conn[0]) accept_all(l);
			else if (who == &not_a_conn[1]) deliver(l);
			else if (readable(l, who) < 0) drop(l, who);
		}
	}
	return NULL;
}

/* listen_on binds one more socket to the port, and returns it. */
static int listen_on(in_port_t *port) {
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = *port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof addr;
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) < 0 ||
		bind(fd, (struct sockaddr *)&addr, sizeof addr) < 0 || listen(fd, 4096) < 0 ||
		getsockname(fd, (struct sockaddr *)&addr, &len) < 0) die("cloop: listen");
	*port = addr.sin_port;
	return fd;
}

int main(int argc, char **argv) {
	threads = argc == 3 ? atoi(argv[2]) : 0;
	if (threads < 1 || threads > MAX_THREADS) {
		fprintf(stderr, "usage: cloop PORT THREADS (1 to %d)\n", MAX_THREADS);
		return 2;
	}
	struct rlimit files;
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	in_port_t port = htons(atoi(argv[1]));
	for (struct loop *l = loops; l < loops + threads; l++) {
		l->epoll = epoll_create1(EPOLL_CLOEXEC);
		l->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		l->listener = listen_on(&port);
		l->last = &l->first;
		pthread_mutex_init(&l->lock, NULL);
		watch(l, l->listener, &not_a_conn[0]);
		watch(l, l->wake, &not_a_conn[1]);
	}
	printf("http://127.0.0.1:%d/.well-known/mercure\n", ntohs(port));
	fflush(stdout);
	for (int i = 1; i < threads; i++) {
		pthread_t thread;
		if (pthread_create(&thread, NULL, run, &loops[i])) die("cloop: thread");
	}
	run(&loops[0]);
}
