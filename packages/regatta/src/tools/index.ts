/** Tools that are ready for use: files of a folder, pages of the web, JavaScript. And what they are confined by. */
export { type Fetching, fetchConfined, type Page, type Resolve } from './confined-fetch.ts';
export { type ConfinedFolder, confineToFolder, type OpenFolder } from './confined-folder.ts';
export { type ConfinedHosts, confineToHosts, type HostRules } from './confined-hosts.ts';
export { type FetchToolOptions, fetchTool } from './fetch-tool.ts';
export { type FileToolsOptions, fileTools } from './file-tools.ts';
export { type JavaScriptToolOptions, javascriptTool } from './javascript-tool.ts';
