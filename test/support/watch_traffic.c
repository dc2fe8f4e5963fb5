/*
 * Traffic for the tests of watch: short-lived, in every way that a program can go about it. What happened is printed, a line
 * each, for the test to compare with what was told.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what) {
  perror(what);
  exit(1);
}

static struct sockaddr_in loopback(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static int port_of(int fd) {
  struct sockaddr_in address;
  socklen_t length = sizeof address;
  if (getsockname(fd, (void *)&address, &length) < 0) die("getsockname");
  return ntohs(address.sin_port);
}

static void read_all(int fd, size_t count) {
  char buffer[4096];
  while (count > 0) {
    ssize_t got = read(fd, buffer, count < sizeof buffer ? count : sizeof buffer);
    if (got <= 0) die("read");
    count -= got;
  }
}

static void write_all(int fd, size_t count) {
  static char buffer[65536];
  while (count > 0) {
    ssize_t put = write(fd, buffer, count < sizeof buffer ? count : sizeof buffer);
    if (put <= 0) die("write");
    count -= put;
  }
}

/* Processes that live for one datagram: `oneshot COUNT PORT`. Prints the process ID and the length of each. */
static void oneshot(int count, int port) {
  struct sockaddr_in to = loopback(port);
  char payload[1024] = {0};
  for (int i = 0; i < count; i++) {
    pid_t pid = fork();
    if (pid < 0) die("fork");
    if (pid == 0) {
      int fd = socket(AF_INET, SOCK_DGRAM, 0);
      _exit(sendto(fd, payload, i + 1, 0, (void *)&to, sizeof to) == i + 1 ? 0 : 1);
    }
    int status;
    waitpid(pid, &status, 0);
    if (status != 0) die("a child failed");
    printf("%d %d\n", pid, i + 1);
  }
}

static int listener(int backlog) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = loopback(0);
  if (bind(fd, (void *)&address, sizeof address) < 0) die("bind");
  if (listen(fd, backlog) < 0) die("listen");
  return fd;
}

/*
 * Short connections, one after the other: `tcp COUNT`. Prints the two processes and the port, then for each the client's port,
 * what the client sent and received, and whether it was reset. Every second accept(2) asks for the address.
 */
static void tcp(int count) {
  int server = listener(16);
  int port = port_of(server);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < count; i++) {
      struct sockaddr_in from;
      socklen_t length = sizeof from;
      int fd = i % 2 ? accept(server, (void *)&from, &length) : accept(server, NULL, NULL);
      if (fd < 0) die("accept");
      read_all(fd, 13 * i + 5);
      write_all(fd, 7 * i + 1);
      char end;
      (void)!read(fd, &end, 1);
      close(fd);
    }
    _exit(0);
  }
  printf("%d %d %d\n", getpid(), child, port);
  struct sockaddr_in to = loopback(port);
  for (int i = 0; i < count; i++) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (void *)&to, sizeof to) < 0) die("connect");
    int mine = port_of(fd);
    write_all(fd, 13 * i + 5);
    read_all(fd, 7 * i + 1);
    if (i % 3 == 0) {
      struct linger linger = {.l_onoff = 1, .l_linger = 0};
      setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    }
    close(fd);
    printf("%d %d %d %s\n", mine, 13 * i + 5, 7 * i + 1, i % 3 == 0 ? "reset" : "fin");
  }
  waitpid(child, NULL, 0);
}

/* A listener shared by workers, which accept without asking for the address: `prefork WORKERS COUNT`. */
static void prefork(int workers, int count) {
  int server = listener(64);
  int port = port_of(server);
  pid_t children[64];
  for (int i = 0; i < workers; i++) {
    children[i] = fork();
    if (children[i] != 0) continue;
    for (;;) {
      int fd = accept(server, NULL, NULL);
      if (fd < 0) _exit(0);
      pid_t me = getpid();
      (void)!write(fd, &me, sizeof me);
      char end;
      (void)!read(fd, &end, 1);
      close(fd);
    }
  }
  struct sockaddr_in to = loopback(port);
  for (int i = 0; i < count; i++) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (void *)&to, sizeof to) < 0) die("connect");
    pid_t worker;
    if (read(fd, &worker, sizeof worker) != sizeof worker) die("read");
    printf("%d %d\n", port_of(fd), worker);
    close(fd);
  }
  for (int i = 0; i < workers; i++) kill(children[i], 9), waitpid(children[i], NULL, 0);
}

/* One of each: `kinds`. Prints a name and what belongs to it. */
static void kinds(void) {
  printf("self %d\n", getpid());
  struct sockaddr_in to = loopback(1);
  int refused = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(refused, (void *)&to, sizeof to) == 0 || errno != ECONNREFUSED) die("refused");
  close(refused);

  int server = listener(8);
  to = loopback(port_of(server));
  int client = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(client, (void *)&to, sizeof to) < 0) die("connect");
  int accepted = accept(server, NULL, NULL);
  printf("sendfile %d\n", port_of(client));
  int file = memfd_create("payload", 0);
  if (ftruncate(file, 100000) < 0) die("ftruncate");
  for (size_t left = 100000; left > 0;) {
    ssize_t sent = sendfile(client, file, NULL, left);
    if (sent <= 0) die("sendfile");
    left -= sent;
    read_all(accepted, sent);
  }
  close(client);
  close(accepted);
  close(server);

  int many = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in ends[3];
  struct iovec part = {.iov_base = "0123456789", .iov_len = 10};
  struct mmsghdr messages[3] = {0};
  for (int i = 0; i < 3; i++) {
    ends[i] = loopback(4000 + i);
    messages[i].msg_hdr = (struct msghdr){
        .msg_name = &ends[i], .msg_namelen = sizeof ends[i], .msg_iov = &part, .msg_iovlen = 1};
  }
  if (sendmmsg(many, messages, 3, 0) != 3) die("sendmmsg");
  close(many);

  int connected = socket(AF_INET, SOCK_DGRAM, 0);
  to = loopback(4010);
  if (connect(connected, (void *)&to, sizeof to) < 0) die("connect");
  if (send(connected, "abc", 3, 0) != 3) die("send");
  close(connected);

  int six = socket(AF_INET6, SOCK_DGRAM, 0);
  struct sockaddr_in6 to6 = {.sin6_family = AF_INET6, .sin6_port = htons(4020)};
  inet_pton(AF_INET6, "::ffff:127.0.0.1", &to6.sin6_addr);
  if (sendto(six, "mapped", 6, 0, (void *)&to6, sizeof to6) != 6) die("mapped");
  to6.sin6_addr = in6addr_loopback;
  to6.sin6_port = htons(4021);
  if (sendto(six, "six", 3, 0, (void *)&to6, sizeof to6) != 3) die("six");
  close(six);

  struct sockaddr_un name = {.sun_family = AF_UNIX};
  socklen_t length = sprintf(name.sun_path + 1, "watch-%d", getpid()) + 3;
  printf("unix %s\n", name.sun_path + 1);
  int un = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(un, (void *)&name, length) < 0 || listen(un, 4) < 0) die("unix");
  int uc = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(uc, (void *)&name, length) < 0) die("unix connect");
  int ua = accept(un, NULL, NULL);
  if (write(uc, "x", 1) != 1) die("write");
  read_all(ua, 1);
  close(uc), close(ua), close(un);

  name.sun_path[1] = 'd';
  int ud = socket(AF_UNIX, SOCK_DGRAM, 0);
  if (bind(ud, (void *)&name, length) < 0) die("unix dgram");
  int us = socket(AF_UNIX, SOCK_DGRAM, 0);
  if (sendto(us, "y", 1, 0, (void *)&name, length) != 1) die("unix sendto");
  close(us), close(ud);

  int ping = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
  struct icmphdr echo = {.type = ICMP_ECHO};
  echo.checksum = htons(0xf7ff);
  to = loopback(0);
  inet_pton(AF_INET, "127.0.0.9", &to.sin_addr);
  if (sendto(ping, &echo, sizeof echo, 0, (void *)&to, sizeof to) < 0) die("ping");
  close(ping);
}

/* Many sockets, each with one datagram, as quick as can be: `flood COUNT PORT`. */
static void flood(int count, int port) {
  struct sockaddr_in to = loopback(port);
  for (int i = 0; i < count; i++) {
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (sendto(fd, "x", 1, 0, (void *)&to, sizeof to) != 1) die("sendto");
    close(fd);
  }
  printf("%d %d\n", getpid(), count);
}

/* The same socket again and again: `repeat COUNT PORT`. */
static void repeat(int count, int port) {
  struct sockaddr_in to = loopback(port);
  int sink = socket(AF_INET, SOCK_DGRAM, 0);
  if (bind(sink, (void *)&to, sizeof to) < 0) die("bind");
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  for (int i = 0; i < count; i++) {
    if (sendto(fd, "0123456789", 10, 0, (void *)&to, sizeof to) != 10) die("sendto");
  }
  close(fd);
  printf("%d %d\n", getpid(), count);
}

/* Exchanges over TCP and UDP until standard input ends, but at least so many: `exchange LEAST`. Prints how many; any error ends it. */
static void exchange(long least) {
  int server = listener(8);
  struct sockaddr_in to = loopback(port_of(server));
  int udp = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in at = loopback(0);
  if (bind(udp, (void *)&at, sizeof at) < 0) die("bind");
  at = loopback(port_of(udp));
  pid_t child = fork();
  if (child == 0) {
    char byte;
    for (;;) {
      int fd = accept(server, NULL, NULL);
      if (fd < 0) die("accept");
      if (read(fd, &byte, 1) != 1 || write(fd, &byte, 1) != 1) die("echo");
      close(fd);
      struct sockaddr_in from;
      socklen_t length = sizeof from;
      if (recvfrom(udp, &byte, 1, 0, (void *)&from, &length) != 1) die("recvfrom");
      if (sendto(udp, &byte, 1, 0, (void *)&from, length) != 1) die("sendto");
    }
  }
  long count = 0;
  for (;; count++) {
    char byte = (char)count, back = 0;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (void *)&to, sizeof to) < 0) die("connect");
    if (write(fd, &byte, 1) != 1 || read(fd, &back, 1) != 1 || back != byte) die("tcp");
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(fd);
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (sendto(fd, &byte, 1, 0, (void *)&at, sizeof at) != 1) die("udp");
    if (recv(fd, &back, 1, 0) != 1 || back != byte) die("udp answer");
    close(fd);
    char command;
    struct pollfd end = {.fd = 0, .events = POLLIN};
    if (count % 64 == 0 && count >= least && poll(&end, 1, 0) > 0 && read(0, &command, 1) <= 0) break;
  }
  printf("%ld\n", count);
  kill(child, 9);
}

static long long now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static void sleep_until(long long at) {
  struct timespec until = {.tv_sec = at / 1000000000, .tv_nsec = at % 1000000000};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {}
}

/* The same socket at so many datagrams a second: `paced COUNT PORT RATE`. Prints how long it took, in ms. */
static void paced(int count, int port, int rate) {
  struct sockaddr_in to = loopback(port);
  int fd = socket(AF_INET, SOCK_DGRAM, 0), burst = rate < 1000 ? 1 : rate / 1000;
  long long start = now_ns();
  for (int i = 0; i < count; i++) {
    if (i % burst == 0) sleep_until(start + i * (1000000000ll / rate));
    sendto(fd, "0123456789", 10, 0, (void *)&to, sizeof to);
  }
  printf("%lld\n", (now_ns() - start) / 1000000);
}

/*
 * Runs a command and listens after some time: `waited PORT MS COMMAND...`. Prints its exit status, and how long after listen(2) it
 * was back, in microseconds.
 */
static void waited(int port, int ms, char **command) {
  pid_t child = fork();
  if (child == 0) {
    int null = open("/dev/null", O_WRONLY);
    dup2(null, 1);
    execvp(command[0], command);
    die("exec");
  }
  usleep(ms * 1000);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = loopback(port);
  if (bind(fd, (void *)&address, sizeof address) < 0 || listen(fd, 8) < 0) die("listen");
  long long listened = now_ns();
  int status;
  waitpid(child, &status, 0);
  printf("%d %lld\n", WEXITSTATUS(status), (now_ns() - listened) / 1000);
}

/* A log of which process held which socket, by its cookie. */
static int log_fd;
static char log_text[1 << 16];
static size_t log_length;

static void log_flush(void) {
  if (write(log_fd, log_text, log_length) != (ssize_t)log_length) die("log");
  log_length = 0;
}

static void log_socket(const char *what, int fd) {
  unsigned long long cookie;
  socklen_t length = sizeof cookie;
  if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &length) < 0) die("cookie");
  log_length += sprintf(log_text + log_length, "%s %llu %d\n", what, cookie, getpid());
  if (log_length > sizeof log_text - 100) log_flush();
}

/* Connections made here and accepted by workers that share a listener, and datagrams: `churn LOG SECONDS RATE`. */
static void churn(const char *log, int seconds, int rate) {
  enum { WORKERS = 4, BATCH = 20 };
  log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (log_fd < 0) die(log);
  int server = listener(512), port = port_of(server);
  log_socket("listen", server);
  log_flush();
  pid_t workers[WORKERS];
  for (int i = 0; i < WORKERS; i++) {
    workers[i] = fork();
    if (workers[i] != 0) continue;
    for (;;) {
      struct sockaddr_in from;
      socklen_t length = sizeof from;
      char byte;
      int fd = i % 2 ? accept(server, (void *)&from, &length) : accept(server, NULL, NULL);
      if (fd < 0) die("accept");
      log_socket("accept", fd);
      if (read(fd, &byte, 1) == 1 && byte == 'q') log_flush(), _exit(0);
      (void)!write(fd, &byte, 1);
      close(fd);
    }
  }
  struct sockaddr_in to = loopback(port), sink = loopback(9);
  long long start = now_ns(), end = start + seconds * 1000000000ll;
  long connections = 0, running = 0;
  for (long long at = start; now_ns() < end; at += BATCH * 1000000000ll / rate) {
    sleep_until(at);
    pid_t child = fork();
    if (child < 0) die("fork");
    connections += BATCH;
    if (child != 0) {
      for (running++; waitpid(-1, NULL, WNOHANG) > 0; running--) {}
      continue;
    }
    log_length = 0;
    for (int i = 0; i < BATCH; i++) {
      int fd = socket(AF_INET, SOCK_STREAM, 0);
      if (connect(fd, (void *)&to, sizeof to) < 0) die("connect");
      log_socket("connect", fd);
      char byte = 'x';
      (void)!write(fd, &byte, 1);
      (void)!read(fd, &byte, 1);
      struct linger linger = {.l_onoff = 1, .l_linger = 0};
      setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
      close(fd);
    }
    int udp = socket(AF_INET, SOCK_DGRAM, 0);
    log_socket("send", udp);
    sendto(udp, "x", 1, 0, (void *)&sink, sizeof sink);
    log_flush();
    _exit(0);
  }
  for (; running > 0 && wait(NULL) > 0; running--) {}
  for (int i = 0; i < WORKERS; i++) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (void *)&to, sizeof to) < 0 || write(fd, "q", 1) != 1) die("end");
    log_socket("connect", fd);
    close(fd);
    wait(NULL);
  }
  log_flush();
  printf("%ld\n", connections);
}

int main(int count, char **words) {
  const char *what = count > 1 ? words[1] : "";
  int first = count > 2 ? atoi(words[2]) : 0, second = count > 3 ? atoi(words[3]) : 0;
  if (!strcmp(what, "oneshot")) oneshot(first, second);
  else if (!strcmp(what, "tcp")) tcp(first);
  else if (!strcmp(what, "prefork")) prefork(first, second);
  else if (!strcmp(what, "kinds")) kinds();
  else if (!strcmp(what, "flood")) flood(first, second);
  else if (!strcmp(what, "repeat")) repeat(first, second);
  else if (!strcmp(what, "exchange")) exchange(first);
  else if (!strcmp(what, "paced")) paced(first, second, count > 4 ? atoi(words[4]) : 1);
  else if (!strcmp(what, "waited") && count > 4) waited(first, second, words + 4);
  else if (!strcmp(what, "churn") && count > 4) churn(words[2], second, atoi(words[4]));
  else return 2;
  return 0;
}
