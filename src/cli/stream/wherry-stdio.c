/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gio/gunixinputstream.h>
#include <gio/gunixoutputstream.h>

#include "cli/stream/wherry-stdio.h"

GInputStream *
wherry_stdio_open_input (void)
{
  return g_unix_input_stream_new (STDIN_FILENO, FALSE);
}

GOutputStream *
wherry_stdio_open_output (gsize *largest)
{
  struct stat status = { 0 };
  int fd = -1;

  *largest = 0;
  if (fstat (STDOUT_FILENO, &status) == 0 && S_ISFIFO (status.st_mode))
    fd = open ("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd >= 0)
    return g_unix_output_stream_new (fd, TRUE);
  /* a pipe that can be written to has room for this much (POSIX, PIPE_BUF) */
  if (!S_ISREG (status.st_mode))
    *largest = PIPE_BUF;
  return g_unix_output_stream_new (STDOUT_FILENO, FALSE);
}

void
wherry_stdio_close_output (GOutputStream *output)
{
  int null = open ("/dev/null", O_WRONLY | O_CLOEXEC);

  g_output_stream_close (output, NULL, NULL);
  /* not closed: the next file would get its number */
  if (null < 0)
    return;
  dup2 (null, STDOUT_FILENO);
  close (null);
}
