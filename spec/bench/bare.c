/* SPDX-License-Identifier: MIT
 *
 * bare.c - full lifecycles against LXD's REST API with nothing around the calls: create,
 * start, push a program, execute "echo hello", stop (with deletion), each waited for; or,
 * from a stopped instance that has all it needs, clone, start, execute, stop. What the
 * engine is measured against; it shares no code with it, and pays less: its exec keeps no
 * output. Usage: bare image IMAGE LIFECYCLES THREADS PROGRAM, or bare clone INSTANCE
 * LIFECYCLES THREADS; in the project BENCH_PROJECT. Prints seconds until the last hello,
 * and until all are gone.
 */
#include <curl/curl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TEXT 65536

static struct {
    char socket[512];
    const char *project;
    const char *origin; /* the image's alias, or the instance's name */
    bool clones;
    int lifecycles;
    char *program;
    long program_length;
    pthread_mutex_t lock; /* guards what follows */
    int next;
    double last; /* when the latest hello was there */
} bench = {.lock = PTHREAD_MUTEX_INITIALIZER};

struct answer {
    char text[TEXT];
    size_t length;
};

static size_t keep(char *data, size_t size, size_t count, void *context) {
    struct answer *answer = context;
    size_t length = size * count;
    if (answer->length + length >= TEXT)
        length = TEXT - 1 - answer->length;
    memcpy(answer->text + answer->length, data, length);
    answer->length += length;
    answer->text[answer->length] = '\0';
    return size * count;
}

static void call(CURL *easy, const char *method, const char *path, const char *body,
                 long length, struct curl_slist *headers, struct answer *answer) {
    char url[1024];
    long status = 0;
    snprintf(url, sizeof url, "http://lxd%s%cproject=%s", path,
             strchr(path, '?') ? '&' : '?', bench.project);
    answer->length = 0;
    answer->text[0] = '\0';
    curl_easy_reset(easy);
    curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, bench.socket);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    if (body) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, length);
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, answer);
    CURLcode result = curl_easy_perform(easy);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (result != CURLE_OK || status >= 400) {
        fprintf(stderr, "bare: %s %s: %s %ld %s\n", method, path,
                curl_easy_strerror(result), status, answer->text);
        exit(1);
    }
}

/* A call that LXD answers with an operation, and the wait for its end. */
static void operate(CURL *easy, const char *method, const char *path, const char *body,
                    struct answer *answer) {
    char wait[256];
    call(easy, method, path, body, (long) strlen(body), NULL, answer);
    const char *id = strstr(answer->text, "/1.0/operations/");
    if (!id) {
        fprintf(stderr, "bare: %s: no operation: %s\n", path, answer->text);
        exit(1);
    }
    snprintf(wait, sizeof wait, "%.*s/wait", (int) strcspn(id, "\"?"), id);
    call(easy, "GET", wait, NULL, 0, NULL, answer);
    if (!strstr(answer->text, "\"status_code\":200")) {
        fprintf(stderr, "bare: %s: %s\n", path, answer->text);
        exit(1);
    }
}

static void push(CURL *easy, const char *name, struct answer *answer) {
    char path[256];
    struct curl_slist *headers = curl_slist_append(NULL, "X-LXD-type: directory");
    snprintf(path, sizeof path, "/1.0/instances/%s/files?path=/.bare", name);
    call(easy, "POST", path, "", 0, headers, answer);
    curl_slist_free_all(headers);
    headers = curl_slist_append(NULL, "X-LXD-type: file");
    headers = curl_slist_append(headers, "X-LXD-mode: 0755");
    headers = curl_slist_append(headers, "Expect:");
    snprintf(path, sizeof path, "/1.0/instances/%s/files?path=/.bare/program", name);
    call(easy, "POST", path, bench.program, bench.program_length, headers, answer);
    curl_slist_free_all(headers);
}

/* A clone is no base, though what it is cloned from may be one. */
static void describe(const char *name, char *body, size_t size) {
    const char *image =
        "{\"name\":\"%s\",\"ephemeral\":true,\"source\":{\"type\":\"image\","
        "\"alias\":\"%s\"}}";
    const char *clone =
        "{\"name\":\"%s\",\"ephemeral\":true,\"profiles\":[\"default\"],"
        "\"config\":{\"user.cleantest.base\":\"\",\"user.cleantest.complete\":"
        "\"\"},\"source\":{\"type\":\"copy\",\"source\":\"%s\"}}";
    snprintf(body, size, bench.clones ? clone : image, name, bench.origin);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double) time.tv_sec + (double) time.tv_nsec / 1e9;
}

static void note_hello(void) {
    pthread_mutex_lock(&bench.lock);
    bench.last = now();
    pthread_mutex_unlock(&bench.lock);
}

static void live(CURL *easy, int number, struct answer *answer) {
    char name[64], path[256], body[512];
    snprintf(name, sizeof name, "bare-%d-%d", (int) getpid(), number);
    describe(name, body, sizeof body);
    operate(easy, "POST", "/1.0/instances", body, answer);
    snprintf(path, sizeof path, "/1.0/instances/%s/state", name);
    operate(easy, "PUT", path, "{\"action\":\"start\"}", answer);
    if (!bench.clones)
        push(easy, name, answer);
    snprintf(path, sizeof path, "/1.0/instances/%s/exec", name);
    operate(easy, "POST", path, "{\"command\":[\"echo\",\"hello\"]}", answer);
    note_hello();
    snprintf(path, sizeof path, "/1.0/instances/%s/state", name);
    operate(easy, "PUT", path, "{\"action\":\"stop\",\"force\":true}", answer);
}

static int take(void) {
    pthread_mutex_lock(&bench.lock);
    int number = bench.next < bench.lifecycles ? bench.next++ : -1;
    pthread_mutex_unlock(&bench.lock);
    return number;
}

static void *work(void *unused) {
    (void) unused;
    struct answer *answer = malloc(sizeof *answer);
    CURL *easy = curl_easy_init();
    for (int number = take(); number >= 0; number = take())
        live(easy, number, answer);
    curl_easy_cleanup(easy);
    free(answer);
    return NULL;
}

static void read_program(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        exit(1);
    }
    bench.program_length = ftell(file);
    rewind(file);
    bench.program = malloc((size_t) bench.program_length);
    if (!bench.program ||
        fread(bench.program, 1, (size_t) bench.program_length, file) == 0)
        exit(1);
    fclose(file);
}

static void read_words(int argc, char **argv) {
    const char *directory = getenv("LXD_DIR"), *project = getenv("BENCH_PROJECT");
    bench.clones = argc == 5 && strcmp(argv[1], "clone") == 0;
    if (!bench.clones && (argc != 6 || strcmp(argv[1], "image") != 0)) {
        fprintf(stderr, "usage: bare image IMAGE LIFECYCLES THREADS PROGRAM\n"
                        "       bare clone INSTANCE LIFECYCLES THREADS\n");
        exit(2);
    }
    snprintf(bench.socket, sizeof bench.socket, "%s/unix.socket",
             directory && *directory ? directory : "/var/lib/lxd");
    bench.project = project && *project ? project : "default";
    bench.origin = argv[2];
    bench.lifecycles = (int) strtol(argv[3], NULL, 10);
    if (!bench.clones)
        read_program(argv[5]);
}

int main(int argc, char **argv) {
    pthread_t threads[64];
    read_words(argc, argv);
    long wanted = strtol(argv[4], NULL, 10);
    int count = wanted < 64 ? (int) wanted : 64;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    double begun = now();
    for (int i = 0; i < count; i++)
        pthread_create(&threads[i], NULL, work, NULL);
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    printf("%.3f %.3f\n", bench.last - begun, now() - begun);
    free(bench.program);
    return 0;
}
