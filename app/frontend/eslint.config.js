import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

const cornerstone = {
  group: ['@cornerstonejs/*', '@kitware/*'],
  message: 'Only src/render and src/tools import Cornerstone.',
};
const pdf = { group: ['pdfjs-dist/*'], message: 'Only src/documents imports pdf.js.' };

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['eslint.config.js'] } } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      'no-restricted-imports': ['error', { patterns: [cornerstone, pdf] }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: ['src/render/**', 'src/tools/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [pdf] }] },
  },
  {
    files: ['src/documents/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [cornerstone] }] },
  },
  { files: ['eslint.config.js'], ...tseslint.configs.disableTypeChecked },
  prettier,
);
