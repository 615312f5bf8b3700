/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-bench"

#include "config.h"

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>
#include <unistd.h>

#include "floor-path.h"

/* What one call takes in, and what one collects at most: a run of UDP_SEGMENT has 64 packets and
 * what an IPv4 packet holds. */
#define PACKETS_MAX 64u
#define RUN_BYTES_MAX 65000u
#define PACKET_MAX 2048u
/* as the sockets of the product's ICE agents */
#define SOCKET_BUFFER (1024 * 1024)

/* ---- out ---- */

/* One for all paths: it stays in the processor's cache. */
static struct
{
  FloorPath *path;
  guint n;
  gsize length;
  gsize sizes[PACKETS_MAX];
  guint8 data[PACKETS_MAX * PACKET_MAX];
} out;

typedef struct
{
  struct mmsghdr headers[PACKETS_MAX];
  struct iovec vectors[PACKETS_MAX];
  union
  {
    char space[CMSG_SPACE (sizeof (guint16))];
    struct cmsghdr align;
  } control[PACKETS_MAX];
} Messages;

/* As many from the first one as may go in one piece: all as long as the first but the last, which
 * may be shorter. */
static guint
run_length (guint first, gsize *bytes)
{
  gsize size = out.sizes[first];
  guint i = first + 1;

  *bytes = size;
  for (; out.path->segments && i < out.n; i++)
    {
      if (out.sizes[i - 1] != size || out.sizes[i] > size || *bytes + out.sizes[i] > RUN_BYTES_MAX)
        break;
      *bytes += out.sizes[i];
    }
  return i - first;
}

static void
set_segment (struct msghdr *header, char *space, guint16 size)
{
  struct cmsghdr *control;

  header->msg_control = space;
  header->msg_controllen = CMSG_SPACE (sizeof size);
  control = CMSG_FIRSTHDR (header);
  control->cmsg_level = IPPROTO_UDP;
  control->cmsg_type = UDP_SEGMENT;
  control->cmsg_len = CMSG_LEN (sizeof size);
  memcpy (CMSG_DATA (control), &size, sizeof size);
}

static void
send_all (int fd, struct mmsghdr *headers, guint n)
{
  for (guint i = 0; i < n;)
    {
      int sent = sendmmsg (fd, headers + i, n - i, MSG_DONTWAIT | MSG_NOSIGNAL);

      if (sent > 0)
        i += (guint) sent;
      else if (errno == EAGAIN || errno == ENOBUFS || errno == ECONNREFUSED)
        i++; /* lost, as packets are */
      else if (errno != EINTR)
        g_error ("sendmmsg: %s", g_strerror (errno));
    }
}

void
floor_path_flush (void)
{
  static Messages messages;
  guint n_runs = 0;
  gsize offset = 0;
  gsize bytes;

  for (guint i = 0; i < out.n; n_runs++)
    {
      struct msghdr *header = &messages.headers[n_runs].msg_hdr;
      guint length = run_length (i, &bytes);

      messages.vectors[n_runs] = (struct iovec){ out.data + offset, bytes };
      *header = (struct msghdr){ .msg_name = &out.path->remote,
                                 .msg_namelen = sizeof out.path->remote,
                                 .msg_iov = &messages.vectors[n_runs],
                                 .msg_iovlen = 1 };
      if (length > 1)
        set_segment (header, messages.control[n_runs].space, (guint16) out.sizes[i]);
      offset += bytes;
      i += length;
    }
  if (n_runs > 0)
    send_all (out.path->fd, messages.headers, n_runs);
  out.n = 0;
  out.length = 0;
}

void
floor_path_add (FloorPath *self, const void *data, gsize length)
{
  guint16 size = (guint16) length;

  self->packets_out++;
  if (self->fd < 0)
    {
      g_byte_array_append (self->other->in, (const guint8 *) &size, sizeof size);
      g_byte_array_append (self->other->in, data, (guint) length);
      return;
    }
  if (out.path != self || out.n == PACKETS_MAX)
    floor_path_flush ();
  g_assert (length <= PACKET_MAX);
  out.path = self;
  memcpy (out.data + out.length, data, length);
  out.sizes[out.n++] = length;
  out.length += length;
}

/* ---- in ---- */

static gboolean
receive_memory (FloorPath *self, FloorPathFunc func, gpointer user_data)
{
  guint16 size;

  /* nothing comes in meanwhile: the other end has its turn later */
  for (guint offset = 0; offset < self->in->len; offset += size)
    {
      self->packets_in++;
      memcpy (&size, self->in->data + offset, sizeof size);
      offset += sizeof size;
      func (user_data, self->in->data + offset, size);
    }
  g_byte_array_set_size (self->in, 0);
  return FALSE;
}

gboolean
floor_path_receive (FloorPath *self, FloorPathFunc func, gpointer user_data)
{
  static struct mmsghdr headers[PACKETS_MAX];
  static struct iovec vectors[PACKETS_MAX];
  static guint8 data[PACKETS_MAX][PACKET_MAX];
  int n;

  if (self->fd < 0)
    return receive_memory (self, func, user_data);
  for (guint i = 0; i < PACKETS_MAX && vectors[i].iov_base == NULL; i++)
    {
      vectors[i] = (struct iovec){ data[i], PACKET_MAX };
      headers[i].msg_hdr = (struct msghdr){ .msg_iov = &vectors[i], .msg_iovlen = 1 };
    }
  n = recvmmsg (self->fd, headers, PACKETS_MAX, MSG_DONTWAIT, NULL);
  if (n < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNREFUSED)
    g_error ("recvmmsg: %s", g_strerror (errno));
  self->packets_in += (guint64) MAX (n, 0);
  for (int i = 0; i < n; i++)
    func (user_data, data[i], headers[i].msg_len);
  return n == (int) PACKETS_MAX;
}

/* ---- making and ending one ---- */

static void
open_socket (FloorPath *self, FloorPath *other)
{
  struct sockaddr_in address
      = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t length = sizeof address;
  int size = SOCKET_BUFFER;

  self->fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  /* Not connected, like an ICE agent's, which takes packets from all its pairs. */
  if (self->fd < 0 || bind (self->fd, (struct sockaddr *) &address, sizeof address) != 0
      || getsockname (self->fd, (struct sockaddr *) &address, &length) != 0)
    g_error ("UDP socket: %s", g_strerror (errno));
  /* the system may give less */
  setsockopt (self->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  setsockopt (self->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  other->remote = address;
}

void
floor_path_init_udp (FloorPath *a, FloorPath *b, gboolean segments)
{
  *a = (FloorPath){ .segments = segments };
  *b = (FloorPath){ .segments = segments };
  open_socket (a, b);
  open_socket (b, a);
}

void
floor_path_init_memory (FloorPath *a, FloorPath *b)
{
  *a = (FloorPath){ .fd = -1, .other = b, .in = g_byte_array_new () };
  *b = (FloorPath){ .fd = -1, .other = a, .in = g_byte_array_new () };
}

void
floor_path_clear (FloorPath *self)
{
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
  g_clear_pointer (&self->in, g_byte_array_unref);
}
