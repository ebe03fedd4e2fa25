/** `20261120T140501Z`: how runs and releases begin their names. */
export function timeStamp(date: Date): string {
  return date.toISOString().replaceAll(/[-:]|\.\d+/g, '');
}
