/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-base"

#include "config.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/wherry-stack.h"

/* Below our own frame: that of madvise(), and what a signal's handler may leave alone. */
#define MARGIN 1024u

gboolean
wherry_stack_give_back (void)
{
  guintptr page = (guintptr) sysconf (_SC_PAGESIZE);
  guintptr end = ((guintptr) __builtin_frame_address (0) - MARGIN) & ~(page - 1);
  pthread_attr_t attributes;
  void *lowest = NULL;
  gsize size = 0;
  int result;

  if (pthread_getattr_np (pthread_self (), &attributes) != 0)
    return FALSE;
  result = pthread_attr_getstack (&attributes, &lowest, &size);
  pthread_attr_destroy (&attributes);
  if (result != 0 || (guintptr) lowest >= end || end - (guintptr) lowest > size)
    return FALSE;
  return madvise (lowest, end - (guintptr) lowest, MADV_DONTNEED) == 0;
}
