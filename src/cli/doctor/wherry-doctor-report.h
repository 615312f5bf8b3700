/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What `wherry doctor` says: step by step what it saw, and at the end the verdict: the causes, each
 * with its evidence and what to do. As text for people, or one JSON object a line, on standard
 * output. Thread: main */

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "cli/wherry-exit.h"

G_BEGIN_DECLS

typedef enum
{
  WHERRY_DOCTOR_GOOD,
  WHERRY_DOCTOR_BAD,
  WHERRY_DOCTOR_NOTE, /* neither */
} WherryDoctorMark;

typedef struct _WherryDoctorReport WherryDoctorReport;

WherryDoctorReport *wherry_doctor_report_new (gboolean json);
void wherry_doctor_report_free (WherryDoctorReport *self);

/* What comes then belongs to it. id: for JSON; title: for people */
void wherry_doctor_report_section (WherryDoctorReport *self, const char *id, const char *title);
/* One thing that was seen. step: what was looked at, for JSON and in front of the text.
 * evidence: (transfer full) (nullable) */
void wherry_doctor_report_step (WherryDoctorReport *self, WherryDoctorMark mark, const char *step,
                                JsonObject *evidence, const char *format, ...) G_GNUC_PRINTF (5, 6);
/* One cause, told with the verdict: what is wrong, by what it is known, what to do. The second of
 * one id and one evidence is not told. evidence_text, todo: (transfer full); evidence: (transfer
 * full) (nullable) */
void wherry_doctor_report_cause (WherryDoctorReport *self, const char *id, WherryExit code,
                                 char *what, char *evidence_text, char *todo, JsonObject *evidence);
gboolean wherry_doctor_report_has_cause (WherryDoctorReport *self, const char *id);
/* The verdict. well: what to say when there is no cause. Returns the code of the first cause, or
 * WHERRY_EXIT_OK. */
WherryExit wherry_doctor_report_end (WherryDoctorReport *self, const char *well);

/* (transfer full): of names and strings, ended by NULL; a NULL string is left out. */
JsonObject *wherry_doctor_evidence (const char *name, ...) G_GNUC_NULL_TERMINATED;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryDoctorReport, wherry_doctor_report_free)

G_END_DECLS
