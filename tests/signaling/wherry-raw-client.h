/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A client made of a socket, in the thread of the server that it talks to: whatever it waits for,
 * it iterates the default main context meanwhile. It can misbehave in every way that a library
 * would not. */

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct
{
  GSocket *socket;
  GByteArray *in; /* what came and was not taken */
  gboolean eof;   /* the server ended it */
  gboolean deaf;  /* does not read */
} RawClient;

RawClient *wherry_raw_client_new (guint16 port);
void wherry_raw_client_free (RawClient *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RawClient, wherry_raw_client_free)

/* Writes all of it, iterating while the socket is full; stops when the server ended it. */
void wherry_raw_client_send (RawClient *self, gconstpointer data, gsize length);
/* One turn: reads what is there, dispatches what is ready. */
void wherry_raw_client_turn (RawClient *self);
void wherry_raw_client_wait_eof (RawClient *self);

/* Sends text, waits for the end: all that came. (transfer full) */
char *wherry_raw_client_request (guint16 port, const char *text);

/* The upgrade; headers: more header lines. Returns the answer's head. (transfer full) */
char *wherry_raw_client_upgrade (RawClient *self, guint16 port, const char *headers);
/* Upgraded, or the test fails. */
RawClient *wherry_raw_client_new_websocket (guint16 port);
/* opcode: with the FIN bit (0x80) or without */
void wherry_raw_client_frame (RawClient *self, guint8 opcode, gconstpointer data, gsize length);
void wherry_raw_client_say (RawClient *self, const char *text);
/* The next frame; opcode: (out) (optional), without FIN. NUL-terminated. (transfer full) */
char *wherry_raw_client_hear (RawClient *self, guint8 *opcode, gsize *length);
/* The next frame is text that holds part. */
void wherry_raw_client_hears (RawClient *self, const char *part);
/* The next frame is a close with this code. */
void wherry_raw_client_hears_close (RawClient *self, guint code);

G_END_DECLS
