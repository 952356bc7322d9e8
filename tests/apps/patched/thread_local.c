// Keeps a variable by thread.
#include <stdio.h>

static __thread int mine = 7;

int main(void) {
  printf("%d\n", mine++);
  return 0;
}
