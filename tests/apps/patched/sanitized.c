// What tells a program that is built with the thread sanitizer; the real one's runtime would not come as far as main.

void __tsan_init(void);
void __tsan_init(void) {}

int main(void) { return 0; }
