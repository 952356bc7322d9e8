// A program with threads, as anybody writes one: it knows of no green threads. threads NAME runs one of the scenarios below, with 100 threads; prints
// "ok" and of how many threads of the system they were.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MANY 100
#define CHECK(condition)                                                        \
  do {                                                                          \
    if (!(condition)) {                                                         \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);   \
      exit(1);                                                                  \
    }                                                                           \
  } while (0)

static pid_t carriers[MANY];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int arrived, may_go;

static void start_all(void* (*run)(void*), void* (*join)(void*)) {
  pthread_t all[MANY];
  for (intptr_t n = 0; n < MANY; ++n) CHECK(pthread_create(&all[n], NULL, run, (void*)n) == 0);
  if (join) join(NULL);
  for (intptr_t n = 0; n < MANY; ++n) {
    void* result = NULL;
    CHECK(pthread_join(all[n], &result) == 0);
    CHECK(result == (void*)(n + 1));
  }
}

static void* ended(void* number) {
  carriers[(intptr_t)number] = gettid();
  return (void*)((intptr_t)number + 1);
}

// ---- each waits in recv(2) until all others do, which it hears from main

static int ends[MANY][2];

static void* receive(void* number) {
  char byte = 0;
  CHECK(pthread_mutex_lock(&mutex) == 0);
  ++arrived;
  CHECK(pthread_cond_signal(&condition) == 0);
  CHECK(pthread_mutex_unlock(&mutex) == 0);
  CHECK(recv(ends[(intptr_t)number][0], &byte, 1, 0) == 1 && byte == 'x');
  return ended(number);
}
static void* send_to_all(void* unused) {
  CHECK(pthread_mutex_lock(&mutex) == 0);
  while (arrived < MANY) CHECK(pthread_cond_wait(&condition, &mutex) == 0);
  CHECK(pthread_mutex_unlock(&mutex) == 0);
  for (int n = MANY; n-- > 0;) CHECK(send(ends[n][1], "x", 1, 0) == 1);
  return unused;
}
static void sockets(void) {
  for (int n = 0; n < MANY; ++n) CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends[n]) == 0);
  start_all(receive, send_to_all);
}

// ---- each holds a lock across a wait; none may see another within

static pthread_mutex_t recursive;
static int within, within_again;

static void* enter_slowly(void* number) {
  CHECK(pthread_mutex_lock(&recursive) == 0);
  CHECK(pthread_mutex_lock(&recursive) == 0);
  CHECK(++within == 1);
  usleep(100);
  CHECK(within-- == 1);
  CHECK(pthread_mutex_unlock(&recursive) == 0);
  CHECK(pthread_mutex_unlock(&recursive) == 0);
  CHECK(pthread_mutex_lock(&mutex) == 0);
  CHECK(++within_again == 1);
  usleep(100);
  CHECK(within_again-- == 1);
  CHECK(pthread_mutex_unlock(&mutex) == 0);
  return ended(number);
}
static void* enter_too(void* unused) {
  for (int n = 0; n < 10; ++n) {
    CHECK(pthread_mutex_lock(&mutex) == 0);
    CHECK(++within_again == 1);
    usleep(100);
    CHECK(within_again-- == 1);
    CHECK(pthread_mutex_unlock(&mutex) == 0);
  }
  return unused;
}
static void locks(void) {
  pthread_mutexattr_t kind;
  pthread_mutexattr_init(&kind);
  pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_RECURSIVE);
  CHECK(pthread_mutex_init(&recursive, &kind) == 0);
  start_all(enter_slowly, enter_too);
}

// ---- readers and writers, semaphores, an initializer that waits

static pthread_rwlock_t shared = PTHREAD_RWLOCK_INITIALIZER;
static sem_t tokens, waiting;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int initialized, writing, reading;

static void initialize(void) {
  usleep(1000);
  ++initialized;
}
static void* take_turns(void* number) {
  CHECK(pthread_once(&once, initialize) == 0);
  CHECK(initialized == 1);
  if ((intptr_t)number % 10 == 0) {
    CHECK(pthread_rwlock_wrlock(&shared) == 0);
    CHECK(++writing == 1 && reading == 0);
    usleep(100);
    --writing;
  } else {
    CHECK(pthread_rwlock_rdlock(&shared) == 0);
    ++reading;
    CHECK(writing == 0);
    usleep(100);
    --reading;
  }
  CHECK(pthread_rwlock_unlock(&shared) == 0);
  CHECK(sem_wait(&tokens) == 0);
  return ended(number);
}
static void* give_tokens(void* unused) {
  for (int n = 0; n < MANY; ++n) CHECK(sem_post(&tokens) == 0);
  return unused;
}
static void turns(void) {
  CHECK(sem_init(&tokens, 0, 0) == 0);
  start_all(take_turns, give_tokens);
}

// ---- what is a thread's own: number, keys with destructors, its end in the middle

static pthread_key_t key;
static int destroyed;

static void destroy(void* value) {
  ++destroyed;
  free(value);
}
static void end_within(void* number) { pthread_exit(ended(number)); }
static void* own(void* number) {
  const pthread_t self = pthread_self();
  int* mine = malloc(sizeof *mine);
  *mine = (int)(intptr_t)number;
  CHECK(pthread_getspecific(key) == NULL);
  CHECK(pthread_setspecific(key, mine) == 0);
  CHECK(read(-1, mine, 1) == -1 && errno == EBADF);
  usleep(100);
  CHECK(pthread_equal(self, pthread_self()));
  CHECK(pthread_getspecific(key) == mine && *mine == (int)(intptr_t)number);
  end_within(number);
  return NULL;
}
static void variables(void) {
  CHECK(pthread_key_create(&key, destroy) == 0);
  start_all(own, NULL);
  CHECK(destroyed == MANY);
}

// ---- a condition with a limit, broadcast; errno lives through a lock

static void* wait_for_a_while(void* number) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += 1000 * 1000;
  if (until.tv_nsec >= 1000 * 1000 * 1000) {
    until.tv_nsec -= 1000 * 1000 * 1000;
    ++until.tv_sec;
  }
  CHECK(pthread_mutex_lock(&mutex) == 0);
  pthread_cond_t nobodys = PTHREAD_COND_INITIALIZER;
  CHECK(pthread_cond_timedwait(&nobodys, &mutex, &until) == ETIMEDOUT);
  ++arrived;
  while (!may_go) CHECK(pthread_cond_wait(&condition, &mutex) == 0);
  CHECK(pthread_mutex_unlock(&mutex) == 0);
  return ended(number);
}
static void* let_all_go(void* unused) {
  for (int all = 0; !all;) {
    usleep(1000);
    CHECK(pthread_mutex_lock(&mutex) == 0);
    all = arrived == MANY;
    if (all) may_go = 1;
    CHECK(pthread_mutex_unlock(&mutex) == 0);
  }
  CHECK(pthread_cond_broadcast(&condition) == 0);
  return unused;
}
static void conditions(void) { start_all(wait_for_a_while, let_all_go); }

// ---- children of threads: by fork, in which there are threads again, and by a shell

static void* in_child(void* unused) {
  usleep(100);
  return unused;
}
static void* beget(void* number) {
  int status = -1;
  if ((intptr_t)number % 10 != 0) return ended(number);
  const pthread_t self = pthread_self();
  CHECK(pthread_setspecific(key, &status) == 0);
  const pid_t child = fork();
  if (child == 0) {
    CHECK(pthread_equal(self, pthread_self()) && pthread_getspecific(key) == &status);
    pthread_t other;
    CHECK(pthread_create(&other, NULL, in_child, NULL) == 0);
    CHECK(pthread_join(other, NULL) == 0);
    _exit(7);
  }
  CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7);
  CHECK(system("exit 3") == 3 << 8);
  return ended(number);
}
static void children(void) {
  CHECK(pthread_key_create(&key, NULL) == 0);
  start_all(beget, NULL);
}

// ---- all meet, twice, and one of them is told

static pthread_barrier_t barrier;
static int last_ones;

static void* meet_twice(void* unused) {
  for (int round = 0; round < 2; ++round)
    if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) __atomic_fetch_add(&last_ones, 1, __ATOMIC_SEQ_CST);
  return unused;
}
static void* meet(void* number) {
  meet_twice(NULL);
  return ended(number);
}
static void barriers(void) {
  CHECK(pthread_barrier_init(&barrier, NULL, MANY + 1) == 0);
  start_all(meet, meet_twice);
  CHECK(last_ones == 2);
  CHECK(pthread_barrier_destroy(&barrier) == 0);
}

// ---- one waits for a signal and all others for that one

static sigset_t awaited;

static void* wait_for_signal(void* number) {
  int which = 0;
  if ((intptr_t)number == 0) {
    CHECK(sigwait(&awaited, &which) == 0 && which == SIGUSR1);
    for (int n = 1; n < MANY; ++n) CHECK(sem_post(&tokens) == 0);
  } else {
    CHECK(sem_post(&waiting) == 0);
    CHECK(sem_wait(&tokens) == 0);
  }
  return ended(number);
}
static void* signal_them(void* unused) {
  for (int n = 1; n < MANY; ++n) CHECK(sem_wait(&waiting) == 0);
  CHECK(kill(getpid(), SIGUSR1) == 0);
  return unused;
}
static void signals(void) {
  CHECK(sem_init(&tokens, 0, 0) == 0);
  CHECK(sem_init(&waiting, 0, 0) == 0);
  sigemptyset(&awaited);
  sigaddset(&awaited, SIGUSR1);
  CHECK(pthread_sigmask(SIG_BLOCK, &awaited, NULL) == 0);
  start_all(wait_for_signal, signal_them);
}

// ---- there is no memory for so many stacks

static void* stay(void* number) {
  usleep(1000);
  return ended(number);
}
static void limited(void) {
  const struct rlimit few = {400 * 1024 * 1024, 400 * 1024 * 1024};
  CHECK(setrlimit(RLIMIT_AS, &few) == 0);
  pthread_t all[MANY];
  intptr_t made = 0;
  int problem = 0;
  while (made < MANY && (problem = pthread_create(&all[made], NULL, stay, (void*)made)) == 0) ++made;
  CHECK(made > 0 && problem == EAGAIN);
  while (made-- > 0) CHECK(pthread_join(all[made], NULL) == 0);
}

// ---- the process outlives main's thread

static void* outlive(void* unused) {
  usleep(20 * 1000);
  printf("outlived\n");
  return unused;
}
static void leave(void) {
  pthread_t other;
  CHECK(pthread_create(&other, NULL, outlive, NULL) == 0);
  CHECK(pthread_detach(other) == 0);
  pthread_exit(NULL);
}

int main(int count, char** words) {
  static const struct {
    const char* name;
    void (*run)(void);
  } scenarios[] = {{"sockets", sockets},       {"locks", locks},       {"turns", turns}, {"variables", variables},
                   {"conditions", conditions}, {"children", children}, {"barriers", barriers}, {"signals", signals}, {"limited", limited}, {"leave", leave}};
  for (size_t n = 0; n < sizeof scenarios / sizeof *scenarios; ++n)
    if (count == 2 && strcmp(words[1], scenarios[n].name) == 0) scenarios[n].run();
  int distinct = 0;
  for (int n = 0; n < MANY; ++n) {
    int seen = carriers[n] == 0;
    for (int before = 0; before < n; ++before) seen |= carriers[before] == carriers[n];
    distinct += !seen;
  }
  printf("ok %d\n", distinct);
  return 0;
}
