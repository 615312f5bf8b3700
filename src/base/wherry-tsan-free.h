/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Included before everything else in builds for the thread sanitizer. GLib frees memory in a
 * library that is not instrumented: the sanitizer would not see that it ends there while another
 * thread may still be using it. So that it does, our calls of g_free(), GLib's own macros among
 * them, are a write of the block first (of its beginning, where it is a big one).
 *
 * No header is included: GLib's must come after the file's G_LOG_DOMAIN. Its declaration of
 * g_free() becomes one more of wherry_tsan_free(). */

void g_free (void *memory);
unsigned long malloc_usable_size (void *memory);
void __tsan_write_range (void *address, unsigned long size);

static inline void
wherry_tsan_free (void *memory)
{
  if (memory != (void *) 0)
    {
      unsigned long size = malloc_usable_size (memory);

      __tsan_write_range (memory, size < 1024 ? size : 1024);
    }
  g_free (memory);
}

#define g_free wherry_tsan_free
