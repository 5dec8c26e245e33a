/**
 * What each function's code can ask of the ports, read from the code itself: every function of ours that can be reached from its entry,
 * and each method of a port that is named there. More than is ever called, never less.
 */
import { join } from 'node:path';
import type { FunctionName } from '@fzip/core';
import ts from 'typescript';
import { entryOf } from '../../stacks/code.ts';

const root = join(import.meta.dirname, '../..');
const portTypes = ['JobStore', 'Ledger', 'ProfileStore', 'ObjectStore', 'Queues', 'EventBus'] as const;
export type PortType = (typeof portTypes)[number];

/** One mention of a method: `ports.packages.read` in `core/src/staging.ts`. */
export type Use = {
  port: PortType;
  method: string;
  /** As it is written, and of `send` the step. */
  text: string;
  file: string;
};

/** Statements of a module's top level, which refer to one another. */
type Place = { uses: Use[]; refersTo: Set<ts.Node> };

const ours = /packages\/((core|functions|api)\/src\/.*)\.ts$/;
const fileOf = (node: ts.Node): string => ours.exec(node.getSourceFile().fileName)?.[1] ?? '';

export const reachOf = (names: readonly FunctionName[]): Map<FunctionName, Use[]> => {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const entries = names.map((name) => join(root, `${entryOf(name)}.ts`));
  const program = ts.createProgram(entries, options);
  const checker = program.getTypeChecker();
  const places = new Map<ts.Node, Place>();
  for (const file of program.getSourceFiles()) {
    if (!ours.test(file.fileName)) continue;
    for (const statement of file.statements) {
      if (ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement)) continue;
      places.set(statement, look(checker, statement));
    }
  }
  return new Map(
    names.map((name, n) => {
      const file = program.getSourceFile(entries[n] ?? '');
      if (!file) throw new Error(`there is no ${entries[n]}`);
      // The handler alone: what else the module exports is for others.
      const handler = file.statements.filter((statement) => /export const handler\b/.test(statement.getText()));
      return [name, closure(places, handler)];
    }),
  );
};

const closure = (places: ReadonlyMap<ts.Node, Place>, from: readonly ts.Node[]): Use[] => {
  const seen = new Set(from);
  for (const node of seen) for (const next of places.get(node)?.refersTo ?? []) seen.add(next);
  return [...seen].flatMap((node) => places.get(node)?.uses ?? []);
};

const look = (checker: ts.TypeChecker, statement: ts.Node): Place => {
  const place: Place = { uses: [], refersTo: new Set() };
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node)) return;
    const use = ts.isPropertyAccessExpression(node) ? useOf(checker, node) : undefined;
    if (use) place.uses.push(use);
    if (ts.isIdentifier(node)) {
      for (const declaration of declarationsOf(checker, node)) {
        const owner = topLevel(declaration);
        if (fileOf(owner) !== '' && owner !== statement) place.refersTo.add(owner);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(statement);
  return place;
};

const topLevel = (node: ts.Node): ts.Node => {
  let at = node;
  while (at.parent !== undefined && !ts.isSourceFile(at.parent)) at = at.parent;
  return at;
};

const declarationsOf = (checker: ts.TypeChecker, node: ts.Identifier): readonly ts.Declaration[] => {
  const shorthand = ts.isShorthandPropertyAssignment(node.parent)
    ? checker.getShorthandAssignmentValueSymbol(node.parent)
    : undefined;
  let symbol = shorthand ?? checker.getSymbolAtLocation(node);
  while (symbol && symbol.flags & ts.SymbolFlags.Alias) symbol = checker.getAliasedSymbol(symbol);
  return symbol?.declarations ?? [];
};

/** A method that stands right in the type of a port, in `core/src/ports.ts`. */
const useOf = (checker: ts.TypeChecker, node: ts.PropertyAccessExpression): Use | undefined => {
  const [declared] = checker.getSymbolAtLocation(node.name)?.declarations ?? [];
  if (!declared?.getSourceFile().fileName.endsWith('core/src/ports.ts')) return undefined;
  const owner = declared.parent?.parent;
  if (owner === undefined || !ts.isTypeAliasDeclaration(owner)) return undefined;
  const port = portTypes.find((type) => type === owner.name.text);
  if (port === undefined) return undefined;
  const step = port === 'Queues' && ts.isCallExpression(node.parent) ? node.parent.arguments[0]?.getText() : undefined;
  return {
    port,
    method: node.name.text,
    text: step === undefined ? node.getText().replace(/\s+/g, '') : step.replaceAll("'", ''),
    file: fileOf(node),
  };
};
