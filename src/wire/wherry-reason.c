/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-wire"

#include "config.h"

#include "wire/wherry-reason.h"

static const char *const leave_names[] = {
  [WHERRY_LEAVE_LEFT] = "left",         [WHERRY_LEAVE_FAILED] = "failed",
  [WHERRY_LEAVE_SLOW] = "slow",         [WHERRY_LEAVE_KICKED] = "kicked",
  [WHERRY_LEAVE_BANNED] = "banned",     [WHERRY_LEAVE_TIMEOUT] = "timeout",
  [WHERRY_LEAVE_EXPIRED] = "expired",   [WHERRY_LEAVE_REPLACED] = "replaced",
  [WHERRY_LEAVE_SHUTDOWN] = "shutdown",
};

/* WHERRY_SIGNAL_ERROR_NONE has no name: it is never sent. */
static const char *const error_names[] = {
  [WHERRY_SIGNAL_ERROR_BAD_MESSAGE] = "bad-message",
  [WHERRY_SIGNAL_ERROR_UNKNOWN_TYPE] = "unknown-type",
  [WHERRY_SIGNAL_ERROR_NOT_JOINED] = "not-joined",
  [WHERRY_SIGNAL_ERROR_ALREADY_JOINED] = "already-joined",
  [WHERRY_SIGNAL_ERROR_BAD_ROOM] = "bad-room",
  [WHERRY_SIGNAL_ERROR_ROOM_FULL] = "room-full",
  [WHERRY_SIGNAL_ERROR_SERVER_FULL] = "server-full",
  [WHERRY_SIGNAL_ERROR_UNAUTHORIZED] = "unauthorized",
  [WHERRY_SIGNAL_ERROR_FORBIDDEN] = "forbidden",
  [WHERRY_SIGNAL_ERROR_BAD_SDP] = "bad-sdp",
  [WHERRY_SIGNAL_ERROR_BAD_CANDIDATE] = "bad-candidate",
  [WHERRY_SIGNAL_ERROR_TOO_LARGE] = "too-large",
  [WHERRY_SIGNAL_ERROR_RATE_LIMITED] = "rate-limited",
  [WHERRY_SIGNAL_ERROR_NO_SUCH_MEMBER] = "no-such-member",
  [WHERRY_SIGNAL_ERROR_SHUTTING_DOWN] = "shutting-down",
  [WHERRY_SIGNAL_ERROR_RESUME_REFUSED] = "resume-refused",
  [WHERRY_SIGNAL_ERROR_INTERNAL] = "internal",
};

const char *
wherry_leave_reason_to_string (WherryLeaveReason reason)
{
  g_return_val_if_fail ((guint) reason < G_N_ELEMENTS (leave_names), "left");

  return leave_names[reason];
}

gboolean
wherry_leave_reason_from_string (const char *name, WherryLeaveReason *reason)
{
  for (guint i = 0; i < G_N_ELEMENTS (leave_names); i++)
    if (g_strcmp0 (leave_names[i], name) == 0)
      {
        *reason = i;
        return TRUE;
      }
  return FALSE;
}

const char *
wherry_signal_error_to_string (WherrySignalError code)
{
  g_return_val_if_fail ((guint) code < G_N_ELEMENTS (error_names), "internal");

  return error_names[code] != NULL ? error_names[code] : "internal";
}

gboolean
wherry_signal_error_from_string (const char *name, WherrySignalError *code)
{
  if (name == NULL)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (error_names); i++)
    if (g_strcmp0 (error_names[i], name) == 0)
      {
        *code = i;
        return TRUE;
      }
  return FALSE;
}
